// Asks the kernel to do its work where no filter looks.
#include <linux/io_uring.h>
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  io_uring_params parameters = {};
  return behaviour::Judge("io_uring_setup", syscall(SYS_io_uring_setup, 4, &parameters));
}
