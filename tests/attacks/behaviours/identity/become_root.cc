// Becomes root.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  if (setresuid(0, 0, 0) != 0) return behaviour::RefusedByKernel("setresuid");
  return behaviour::Allowed("setresuid");
}
