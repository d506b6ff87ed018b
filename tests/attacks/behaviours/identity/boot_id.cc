// Knows which start of the machine this is.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char text[64];
  return behaviour::Judge("boot_id", behaviour::ReadFile("/proc/sys/kernel/random/boot_id", text));
}
