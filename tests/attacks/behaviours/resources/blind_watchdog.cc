// Takes from the first process of its namespace what it needs to see others by, and then more
// memory than it may; its argument is how many MiB.
#include <sys/resource.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  rlimit few = {3, 3};
  prlimit(1, RLIMIT_NOFILE, &few, nullptr);
  return behaviour::TakeMemory(behaviour::Number(argc, argv, 1));
}
