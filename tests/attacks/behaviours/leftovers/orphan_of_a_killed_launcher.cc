// Leaves a process when whoever started the sandbox is killed.
#include <sys/prctl.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* name = behaviour::Word(argc, argv, 1);
  if (fork() == 0) {
    setsid();
    prctl(PR_SET_NAME, name);
    sleep(30);
    _exit(0);
  }
  std::printf("ready\n");
  std::fflush(stdout);
  sleep(30);
  return behaviour::Left("left");
}
