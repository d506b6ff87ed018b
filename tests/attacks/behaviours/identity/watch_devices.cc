// Notices what the host does with a device, which is a file of the host and of all that runs on it.
#include <poll.h>
#include <sys/inotify.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  int watch = inotify_init1(IN_CLOEXEC);
  if (watch < 0) return behaviour::RefusedByKernel("inotify_init1");
  if (inotify_add_watch(watch, "/dev/full", IN_OPEN) < 0) {
    return behaviour::RefusedByKernel("inotify_add_watch");
  }
  // The host opens it during this time.
  pollfd event = {watch, POLLIN, 0};
  return poll(&event, 1, 2000) > 0 ? behaviour::Allowed("inotify", "somebody opened /dev/full")
                                   : behaviour::Refused("nothing was to be seen");
}
