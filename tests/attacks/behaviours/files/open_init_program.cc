// Opens the program of the process that started everything.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char bytes[64];
  if (behaviour::ReadFile("/proc/1/exe", bytes) < 0)
    return behaviour::RefusedByKernel("/proc/1/exe");
  return behaviour::Allowed("/proc/1/exe");
}
