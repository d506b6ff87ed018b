// Takes the read-only flag off the root.
#include <sys/mount.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  if (mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND, nullptr) != 0) {
    return behaviour::RefusedByKernel("mount");
  }
  const char* path = "/made-by-an-attack";
  bool made = behaviour::WriteFile(path, "x");
  int error = errno;
  unlink(path);
  errno = error;
  return behaviour::Judge(path, made ? 0 : -1);
}
