// Makes a device node of the kernel's log and reads it.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  if (mknod("log", S_IFCHR | 0600, makedev(1, 11)) != 0) return behaviour::RefusedByKernel("mknod");
  int fd = open("log", O_RDONLY | O_NONBLOCK);
  int error = errno;
  unlink("log");
  errno = error;
  return behaviour::Judge("open", fd);
}
