// Types into the terminal that the sandbox was started from.
#include <sys/ioctl.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  int terminal = open("/dev/tty", O_RDWR);
  for (int fd : {0, 1, 2, terminal}) {
    if (fd >= 0 && ioctl(fd, TIOCSTI, " ") == 0) return behaviour::Allowed("TIOCSTI");
  }
  return behaviour::RefusedByKernel("TIOCSTI");
}
