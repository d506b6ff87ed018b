// Notices a lock that the host has on a device: by the same way two builds can talk.
#include <sys/file.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  int device = open("/dev/full", O_RDONLY | O_CLOEXEC);
  if (device < 0) return behaviour::MissingByKernel("/dev/full");
  // The host has it locked most of this time.
  for (int i = 0; i < 200; ++i) {
    if (flock(device, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      return behaviour::Allowed("flock", "somebody has it");
    }
    flock(device, LOCK_UN);
    usleep(10000);
  }
  return behaviour::Refused("nobody has it");
}
