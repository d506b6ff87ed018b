// Leaves a folder whose files go to its group.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  return behaviour::Leave("chmod", chmod("out", 02775));
}
