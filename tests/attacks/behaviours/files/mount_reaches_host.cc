// Mounts something in its work folder and hopes that the host sees it.
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("shared_mount", 0755);
  mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr);
  return behaviour::Judge("mount", mount("none", "shared_mount", "tmpfs", 0, nullptr));
}
