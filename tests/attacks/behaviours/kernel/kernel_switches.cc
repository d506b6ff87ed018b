// Reads the kernel's switches.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char text[64];
  return behaviour::Judge("/proc/sys/kernel/osrelease",
                          behaviour::ReadFile("/proc/sys/kernel/osrelease", text));
}
