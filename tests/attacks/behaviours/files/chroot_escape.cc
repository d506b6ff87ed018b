// Leaves the root as only a process with CAP_SYS_CHROOT can.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* secret = behaviour::Word(argc, argv, 1);
  if (mkdir("jail", 0700) != 0) return behaviour::MissingByKernel("mkdir");
  int result = chroot("jail");
  int error = errno;
  rmdir("jail");
  errno = error;
  if (result != 0) return behaviour::RefusedByKernel("chroot");
  for (int i = 0; i < 40; ++i) {
    if (chdir("..") != 0) break;
  }
  if (chroot(".") != 0) return behaviour::RefusedByKernel("chroot");
  return behaviour::JudgeSecret(secret);
}
