// Traces the process that started everything.
#include <sys/ptrace.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  long result = ptrace(PTRACE_SEIZE, 1, nullptr, nullptr);
  int error = errno;
  if (result == 0) ptrace(PTRACE_DETACH, 1, nullptr, nullptr);
  errno = error;
  return behaviour::Judge("ptrace", result);
}
