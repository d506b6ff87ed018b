// Makes a file among the devices.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  const char* path = "/dev/made-by-an-attack";
  bool made = behaviour::WriteFile(path, "x");
  int error = errno;
  unlink(path);
  errno = error;
  return behaviour::Judge(path, made ? 0 : -1);
}
