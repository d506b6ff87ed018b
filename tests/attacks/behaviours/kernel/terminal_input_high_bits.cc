// The same with a bit above the 32 that the kernel looks at.
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  int terminal = open("/dev/tty", O_RDWR);
  for (int fd : {0, 1, 2, terminal}) {
    if (fd >= 0 && syscall(SYS_ioctl, fd, (1L << 32) | TIOCSTI, " ") == 0) {
      return behaviour::Allowed("TIOCSTI");
    }
  }
  return behaviour::RefusedByKernel("TIOCSTI");
}
