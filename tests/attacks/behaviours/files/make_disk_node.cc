// Makes a device node of the host's disk and reads it.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  auto major_number = static_cast<unsigned>(behaviour::Number(argc, argv, 1));
  auto minor_number = static_cast<unsigned>(behaviour::Number(argc, argv, 2));
  if (mknod("disk", S_IFBLK | 0600, makedev(major_number, minor_number)) != 0) {
    return behaviour::RefusedByKernel("mknod");
  }
  int fd = open("disk", O_RDONLY);
  int error = errno;
  unlink("disk");
  errno = error;
  return behaviour::Judge("open", fd);
}
