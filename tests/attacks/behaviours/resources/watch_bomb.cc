// Takes instances of inotify, of which a user of the host has 128, with all his sandboxes.
#include <sys/inotify.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  long made = 0;
  while (made < wanted && inotify_init1(0) >= 0) ++made;
  int error = errno;
  // For whoever is beside to miss them.
  sleep(1);
  errno = error;
  return made == wanted ? behaviour::Allowed("inotify_init1")
                        : behaviour::RefusedByKernel("inotify_init1");
}
