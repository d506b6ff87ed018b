// Makes the disks of the host write all that they have in memory, again and again: others wait.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  // Of a descriptor that is none the kernel says so, and whoever keeps syncfs from doing anything
  // does not.
  if (syncfs(-1) == 0) return behaviour::Refused("syncfs", "it does nothing");
  return behaviour::JudgeRights("syncfs", -1, EBADF);
}
