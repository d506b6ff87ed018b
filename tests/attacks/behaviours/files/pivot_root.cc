// Makes another folder the root.
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("new_root", 0755);
  if (mount("none", "new_root", "tmpfs", 0, nullptr) == 0 && chdir("new_root") != 0) {
    return behaviour::MissingByKernel("chdir");
  }
  return behaviour::Judge("pivot_root", syscall(SYS_pivot_root, ".", "."));
}
