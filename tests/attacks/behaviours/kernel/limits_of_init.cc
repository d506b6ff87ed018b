// Sets a limit of the first process of its namespace, which keeps the limits of all: with few open
// files it sees nothing, with little time it is ended. Here the limit that it has, so that nothing
// happens.
#include <sys/resource.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  rlimit now = {};
  if (prlimit(1, RLIMIT_NOFILE, nullptr, &now) != 0) return behaviour::RefusedByKernel("prlimit");
  return behaviour::Judge("prlimit", prlimit(1, RLIMIT_NOFILE, &now, nullptr));
}
