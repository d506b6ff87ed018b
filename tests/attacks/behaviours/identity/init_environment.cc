// The same by the process that started everything.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  static char text[1 << 17];
  if (behaviour::ReadFile("/proc/1/environ", text) < 0) {
    return behaviour::RefusedByKernel("/proc/1/environ");
  }
  if (text[0] == '\0') return behaviour::Refused("/proc/1/environ", "empty");
  return behaviour::Allowed("/proc/1/environ");
}
