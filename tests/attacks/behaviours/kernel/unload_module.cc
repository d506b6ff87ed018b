// Takes a module out that is not there.
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  return behaviour::JudgeRights("delete_module",
                                syscall(SYS_delete_module, "no_such_module", O_NONBLOCK), ENOENT);
}
