// Leaves a process whose parent sleeps in the kernel until it ends.
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* name = behaviour::Word(argc, argv, 1);
  if (fork() == 0) {
    setsid();
    constexpr unsigned long kVfork = 0x4000;  // CLONE_VFORK alone: the memory is a copy
    if (syscall(SYS_clone, kVfork | 17UL, 0, 0, 0, 0) == 0) {
      prctl(PR_SET_NAME, name);
      sleep(30);
    }
    _exit(0);
  }
  usleep(200000);
  return behaviour::Left("left");
}
