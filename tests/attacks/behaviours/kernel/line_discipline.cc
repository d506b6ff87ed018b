// Gives a terminal of its own another line discipline: the kernel loads a module for any number,
// and many of them have been ways in.
#include <sys/ioctl.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  constexpr int kNull = 27;  // N_NULL, which every kernel has
  int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0) return behaviour::MissingByKernel("/dev/ptmx");
  return behaviour::Judge("TIOCSETD", ioctl(terminal, TIOCSETD, &kNull));
}
