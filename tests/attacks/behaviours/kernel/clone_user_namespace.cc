// The same by clone.
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  long pid = syscall(SYS_clone, static_cast<long>(CLONE_NEWUSER | SIGCHLD), 0, 0, 0, 0);
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid(static_cast<pid_t>(pid), nullptr, 0);
  return behaviour::Judge("clone", pid);
}
