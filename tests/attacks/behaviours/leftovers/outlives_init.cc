// Leaves a process that ignores what can be ignored and kills whoever should outlive it.
#include <signal.h>
#include <sys/prctl.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* name = behaviour::Word(argc, argv, 1);
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_IGN);
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      prctl(PR_SET_NAME, name);
      for (int i = 0; i < 30000; ++i) {
        kill(1, SIGKILL);
        kill(1, SIGSTOP);
        usleep(1000);
      }
    }
    _exit(0);
  }
  usleep(200000);
  return behaviour::Left("left");
}
