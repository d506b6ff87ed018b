// Changes the time of a file that is shown read-only.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const timespec times[2] = {{1, 0}, {1, 0}};
  return behaviour::Judge("utimensat",
                          utimensat(AT_FDCWD, behaviour::Word(argc, argv, 1), times, 0));
}
