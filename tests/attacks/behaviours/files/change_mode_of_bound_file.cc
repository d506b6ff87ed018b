// Changes the mode of a file that is shown read-only.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  return behaviour::Judge("chmod", chmod(behaviour::Word(argc, argv, 1), 06777));
}
