// Leaves a device: the one that the kernel lets everybody make, which hides a file from an overlay.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  return behaviour::Leave("mknod", mknod("out/whiteout", S_IFCHR | 0600, makedev(0, 0)));
}
