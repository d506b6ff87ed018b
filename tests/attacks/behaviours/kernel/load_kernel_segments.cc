// The same by the older call, with nothing to load.
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  constexpr unsigned long kWrongFlags = 1UL << 30;
  return behaviour::JudgeRights("kexec_load",
                                syscall(SYS_kexec_load, 0UL, 0UL, nullptr, kWrongFlags), EINVAL);
}
