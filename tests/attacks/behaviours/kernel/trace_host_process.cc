// Traces a process of the host.
#include <sys/ptrace.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  auto pid = static_cast<pid_t>(behaviour::Number(argc, argv, 1));
  return behaviour::Judge("ptrace", ptrace(PTRACE_SEIZE, pid, nullptr, nullptr));
}
