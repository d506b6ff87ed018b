// Takes away what covers a part of /proc, or /proc itself.
#include <sys/mount.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  if (umount2("/proc/sys", MNT_DETACH) == 0) return behaviour::Allowed("umount of /proc/sys");
  return behaviour::Judge("umount of /proc", umount2("/proc", MNT_DETACH));
}
