// Loads another kernel. The right is looked at before the descriptors, which are wrong on purpose.
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  return behaviour::JudgeRights("kexec_file_load",
                                syscall(SYS_kexec_file_load, -1, -1, 0UL, nullptr, 0UL), EBADF);
}
