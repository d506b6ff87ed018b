// Makes the host start a program to look for a key.
#include <linux/keyctl.h>
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  // Without anything to tell the program, the kernel starts none: ENOKEY says that it looked.
  return behaviour::JudgeRights("request_key",
                                syscall(SYS_request_key, "user", "attack", nullptr, 0), ENOKEY);
}
