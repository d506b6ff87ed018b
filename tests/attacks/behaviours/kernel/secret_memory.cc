// Makes memory that the kernel itself cannot look at.
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::Judge("memfd_secret", syscall(SYS_memfd_secret, 0)); }
