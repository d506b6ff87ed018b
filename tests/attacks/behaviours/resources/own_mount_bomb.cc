// Takes memory by files of a file system that it has mounted itself.
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  static char block[1 << 20];
  std::memset(block, 1, sizeof block);
  mkdir("mounted", 0755);
  if (mount("none", "mounted", "ramfs", 0, nullptr) != 0) {
    return behaviour::RefusedByKernel("mount");
  }
  int file = open("mounted/file", O_WRONLY | O_CREAT, 0600);
  if (file < 0) return behaviour::MissingByKernel("mounted/file");
  long i = 0;
  while (i < wanted && write(file, block, sizeof block) > 0) ++i;
  int error = errno;
  sleep(1);
  umount2("mounted", MNT_DETACH);
  errno = error;
  return i == wanted ? behaviour::Allowed("write") : behaviour::RefusedByKernel("write");
}
