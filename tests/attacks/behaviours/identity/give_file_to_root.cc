// Makes a file belong to root.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  if (!behaviour::WriteFile("file", "x")) return behaviour::MissingByKernel("file");
  if (chown("file", 0, 0) != 0) return behaviour::RefusedByKernel("chown");
  return behaviour::Allowed("chown");
}
