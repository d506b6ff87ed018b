// Reads the list of keys.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char bytes[64];
  ssize_t size = behaviour::ReadFile("/proc/keys", bytes);
  if (size == 0) return behaviour::Refused("/proc/keys", "empty");
  return behaviour::Judge("/proc/keys", size);
}
