// Reads how the host's kernel was started.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char text[64];
  ssize_t size = behaviour::ReadFile("/proc/cmdline", text);
  if (size == 0) return behaviour::Refused("/proc/cmdline", "empty");
  return behaviour::Judge("/proc/cmdline", size);
}
