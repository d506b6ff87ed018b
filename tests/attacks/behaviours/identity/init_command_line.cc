// Reads how the sandbox was started, paths of the host among it.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char text[4096];
  ssize_t size = behaviour::ReadFile("/proc/1/cmdline", text);
  if (size < 0) return behaviour::RefusedByKernel("/proc/1/cmdline");
  if (std::strspn(text, " ") == static_cast<std::size_t>(size)) {
    return behaviour::Refused("/proc/1/cmdline", "empty");
  }
  return behaviour::Allowed("/proc/1/cmdline");
}
