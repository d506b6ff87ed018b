// Enters the kernel by the numbers of another ABI, which a careless filter does not know.
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  pid_t child = fork();
  if (child == 0) {
    constexpr long kX32 = 0x40000000;
    _exit(syscall(kX32 | SYS_getpid) == getpid() ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return behaviour::Refused("killed by", sigabbrev_np(WTERMSIG(status)));
  return WEXITSTATUS(status) == 1 ? behaviour::Allowed("x32") : behaviour::Refused("no such call");
}
