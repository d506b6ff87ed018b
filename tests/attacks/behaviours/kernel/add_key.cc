// Stores bytes in the kernel.
#include <linux/keyctl.h>
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  return behaviour::Judge("add_key",
                          syscall(SYS_add_key, "user", "attack", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}
