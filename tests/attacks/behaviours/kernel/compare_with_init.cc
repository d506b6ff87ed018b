// Asks the kernel about the pointers of another process.
#include <linux/kcmp.h>
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::Judge("kcmp", syscall(SYS_kcmp, getpid(), 1, KCMP_VM, 0, 0)); }
