// Leaves a link that climbs out.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  return behaviour::Leave("symlink", symlink("../../../../etc/passwd", "out/link"));
}
