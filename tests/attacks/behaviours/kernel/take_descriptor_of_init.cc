// Takes a descriptor out of another process.
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  long process = syscall(SYS_pidfd_open, 1, 0);
  if (process < 0) return behaviour::RefusedByKernel("pidfd_open");
  return behaviour::JudgeRights("pidfd_getfd", syscall(SYS_pidfd_getfd, process, 0, 0), EBADF);
}
