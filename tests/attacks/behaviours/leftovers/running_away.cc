// Leaves a process that is a new one every moment.
#include <sys/prctl.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* name = behaviour::Word(argc, argv, 1);
  if (fork() == 0) {
    setsid();
    prctl(PR_SET_NAME, name);
    for (int i = 0; i < 3000; ++i) {
      if (fork() > 0) _exit(0);
      usleep(5000);
    }
    _exit(0);
  }
  usleep(200000);
  return behaviour::Left("left");
}
