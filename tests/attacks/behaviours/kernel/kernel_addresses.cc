// Reads where the kernel's functions lie.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char bytes[64];
  ssize_t size = behaviour::ReadFile("/proc/kallsyms", bytes);
  if (size == 0) return behaviour::Refused("/proc/kallsyms", "empty");
  return behaviour::Judge("/proc/kallsyms", size);
}
