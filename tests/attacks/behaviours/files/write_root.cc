// Makes a file in the root folder.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  const char* path = "/made-by-an-attack";
  bool made = behaviour::WriteFile(path, "x");
  int error = errno;
  unlink(path);
  errno = error;
  return behaviour::Judge(path, made ? 0 : -1);
}
