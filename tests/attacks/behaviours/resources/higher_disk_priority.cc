// Goes before everybody else at the disk.
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  constexpr int kProcess = 1, kRealTime = 1 << 13;
  return behaviour::Judge("ioprio_set", syscall(SYS_ioprio_set, kProcess, 0, kRealTime));
}
