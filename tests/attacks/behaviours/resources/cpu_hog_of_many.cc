// The same by processes that follow each other, none of which computes for long.
#include <sys/wait.h>
#include <time.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long seconds = behaviour::Number(argc, argv, 1);
  for (long i = 0; i < seconds * 5; ++i) {
    if (fork() == 0) {
      while (clock() < CLOCKS_PER_SEC / 5) {
      }
      _exit(0);
    }
    wait(nullptr);
  }
  return behaviour::Allowed("computing");
}
