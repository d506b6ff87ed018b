// Enters the kernel by the old gate, with the numbers of 32-bit programs.
#include <signal.h>
#include <sys/wait.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  pid_t child = fork();
  if (child == 0) {
    long result = -1;
#ifdef __x86_64__
    constexpr long kGetPid = 20;
    asm volatile("int $0x80" : "=a"(result) : "a"(kGetPid) : "memory");
#endif
    _exit(result == getpid() ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return behaviour::Refused("killed by", sigabbrev_np(WTERMSIG(status)));
  return WEXITSTATUS(status) == 1 ? behaviour::Allowed("int 0x80")
                                  : behaviour::Refused("no such call");
}
