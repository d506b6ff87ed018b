// Loads a module. The right is looked at before the bytes, which are none.
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char bytes[64] = {};
  return behaviour::JudgeRights("init_module", syscall(SYS_init_module, bytes, sizeof bytes, ""),
                                ENOEXEC);
}
