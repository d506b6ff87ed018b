// Writes to a file that is shown read-only.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* path = behaviour::Word(argc, argv, 1);
  if (access(path, F_OK) != 0) return behaviour::MissingByKernel(path);
  if (!behaviour::WriteFile(path, "changed")) return behaviour::RefusedByKernel(path);
  return behaviour::Allowed(path);
}
