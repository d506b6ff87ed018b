// Cuts off what was said before, in the log file of whoever started the sandbox.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  std::printf("said before\n");
  std::fflush(stdout);
  struct stat status = {};
  if (fstat(1, &status) != 0) return behaviour::MissingByKernel("fstat");
  if (!S_ISREG(status.st_mode)) return behaviour::Refused("no file");
  return behaviour::Judge("ftruncate", ftruncate(1, 0));
}
