// Leaves a file with an attribute that no listing shows.
#include <sys/stat.h>
#include <sys/xattr.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  behaviour::WriteFile("out/file", "x");
  if (setxattr("out/file", "user.hidden", "x", 1, 0) != 0) {
    return behaviour::RefusedByKernel("setxattr");
  }
  return behaviour::Left("setxattr");
}
