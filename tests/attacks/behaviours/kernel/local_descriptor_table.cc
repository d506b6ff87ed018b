// Installs a segment of its own, a door of old holes.
#include <asm/ldt.h>
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  user_desc segment = {};
  segment.limit = 1;
  segment.seg_32bit = 1;
  segment.useable = 1;
  constexpr int kWrite = 1;
  return behaviour::Judge("modify_ldt",
                          syscall(SYS_modify_ldt, kWrite, &segment, sizeof segment) == 0 ? 0 : -1);
}
