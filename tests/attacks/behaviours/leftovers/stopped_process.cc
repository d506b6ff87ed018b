// Leaves a process that is stopped, and so takes no signal but one.
#include <signal.h>
#include <sys/prctl.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* name = behaviour::Word(argc, argv, 1);
  if (fork() == 0) {
    setsid();
    prctl(PR_SET_NAME, name);
    raise(SIGSTOP);
    _exit(0);
  }
  usleep(200000);
  return behaviour::Left("left");
}
