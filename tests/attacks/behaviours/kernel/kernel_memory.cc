// Reads the kernel's memory.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char bytes[64];
  ssize_t size = behaviour::ReadFile("/proc/kcore", bytes);
  if (size == 0) return behaviour::Refused("/proc/kcore", "empty");
  return behaviour::Judge("/proc/kcore", size);
}
