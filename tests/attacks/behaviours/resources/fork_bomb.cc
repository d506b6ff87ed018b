// Makes more processes than it may; its argument is how many.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  for (long i = 0; i < wanted; ++i) {
    pid_t pid = fork();
    if (pid < 0) {
      behaviour::Insist();
      return behaviour::RefusedByKernel("fork");
    }
    if (pid == 0) {
      sleep(2);
      _exit(0);
    }
  }
  sleep(1);
  return behaviour::Allowed("fork");
}
