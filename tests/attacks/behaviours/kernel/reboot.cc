// Stops the machine. The right is looked at before the command, which is none.
#include <linux/reboot.h>
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  constexpr unsigned kNoCommand = 0x12345678;
  return behaviour::JudgeRights(
      "reboot", syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, kNoCommand, nullptr),
      EINVAL);
}
