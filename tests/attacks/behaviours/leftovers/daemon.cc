// Leaves a process that is no child of anybody.
#include <sys/prctl.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* name = behaviour::Word(argc, argv, 1);
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      prctl(PR_SET_NAME, name);
      sleep(30);
    }
    _exit(0);
  }
  usleep(200000);
  return behaviour::Left("left");
}
