// Makes a file among the system's programs.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  const char* path = "/usr/made-by-an-attack";
  if (access("/usr", F_OK) != 0) return behaviour::MissingByKernel("/usr");
  bool made = behaviour::WriteFile(path, "x");
  int error = errno;
  unlink(path);
  errno = error;
  return behaviour::Judge(path, made ? 0 : -1);
}
