// Leaves a process that ignores what can be ignored, and waits to be told to end.
#include <signal.h>
#include <sys/prctl.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* name = behaviour::Word(argc, argv, 1);
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_IGN);
  if (fork() == 0) {
    setsid();
    prctl(PR_SET_NAME, name);
    for (int i = 0; i < 300; ++i) usleep(100000);
    _exit(0);
  }
  std::printf("ready\n");
  std::fflush(stdout);
  for (int i = 0; i < 300; ++i) usleep(100000);
  return behaviour::Left("left");
}
