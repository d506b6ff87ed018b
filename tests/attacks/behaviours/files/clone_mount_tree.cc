// Copies a mount, for a place where nothing lies over it.
#include <sys/mount.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  return behaviour::Judge("open_tree",
                          open_tree(AT_FDCWD, "/tmp", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
}
