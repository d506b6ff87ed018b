// Lays a folder of its own over the system's, so that what others look at is its own.
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  for (const char* path : {"upper", "work", "merged"}) mkdir(path, 0755);
  int result = mount("overlay", "merged", "overlay", 0,
                     "lowerdir=/bin,upperdir=upper,workdir=work,userxattr");
  // An upper folder on some file systems is refused by overlayfs itself.
  if (result != 0 && errno == EINVAL) {
    result = mount("overlay", "merged", "overlay", 0, "lowerdir=/bin:/dev");
  }
  int error = errno;
  if (result == 0) umount2("merged", MNT_DETACH);
  errno = error;
  return behaviour::Judge("mount", result);
}
