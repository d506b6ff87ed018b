// Leaves a link to a file of the host.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  return behaviour::Leave("symlink", symlink("/etc/passwd", "out/link"));
}
