// Changes an input in place: the host's file must stay as it is.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* path = behaviour::Word(argc, argv, 1);
  if (access(path, F_OK) != 0) return behaviour::MissingByKernel(path);
  if (!behaviour::WriteFile(path, "changed")) return behaviour::RefusedByKernel(path);
  return behaviour::Allowed(path);
}
