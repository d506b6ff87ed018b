// Pastes into a console of the machine.
#include <sys/ioctl.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  int terminal = open("/dev/tty", O_RDWR);
  int console = open("/dev/tty0", O_RDWR | O_NOCTTY);
  constexpr char kGetShiftState = 6;
  for (int fd : {0, 1, 2, terminal, console}) {
    char state = kGetShiftState;
    if (fd >= 0 && ioctl(fd, TIOCLINUX, &state) != -1) return behaviour::Allowed("TIOCLINUX");
  }
  return behaviour::RefusedByKernel("TIOCLINUX");
}
