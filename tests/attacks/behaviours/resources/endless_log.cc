// Says more than it may; its argument is how many KiB.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  char line[1024];
  std::memset(line, 'x', sizeof line);
  line[sizeof line - 1] = '\n';
  for (long i = 0; i < wanted; ++i) {
    if (write(i % 2 == 0 ? 1 : 2, line, sizeof line) < 0)
      return behaviour::RefusedByKernel("write");
  }
  return behaviour::Allowed("write");
}
