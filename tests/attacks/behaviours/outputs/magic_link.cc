// Leaves a link into /proc, which is somebody else's for everybody who follows it.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  return behaviour::Leave("symlink", symlink("/proc/self/root/etc/passwd", "out/link"));
}
