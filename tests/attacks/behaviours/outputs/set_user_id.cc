// Leaves a program with the set-user-id bit.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  behaviour::WriteFile("out/file", "x");
  return behaviour::Leave("chmod", chmod("out/file", 04755));
}
