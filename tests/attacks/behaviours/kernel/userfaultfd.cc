// Stops the kernel in the middle of a copy.
#include <linux/userfaultfd.h>
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  return behaviour::Judge("userfaultfd", syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY));
}
