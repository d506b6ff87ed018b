// Leaves a process that another one of its own traces and holds.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* name = behaviour::Word(argc, argv, 1);
  if (fork() == 0) {
    setsid();
    prctl(PR_SET_NAME, name);
    pid_t child = fork();
    if (child == 0) {
      ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      raise(SIGSTOP);
      _exit(0);
    }
    waitpid(child, nullptr, WUNTRACED);
    sleep(30);
    _exit(0);
  }
  usleep(200000);
  return behaviour::Left("left");
}
