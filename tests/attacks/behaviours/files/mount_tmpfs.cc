// Mounts a file system of its own.
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("mounted", 0755);
  int result = mount("none", "mounted", "tmpfs", 0, nullptr);
  int error = errno;
  if (result == 0) umount2("mounted", MNT_DETACH);
  errno = error;
  return behaviour::Judge("mount", result);
}
