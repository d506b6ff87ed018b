// Writes to it, where nothing is mapped: the right is looked at first.
#include <sys/uio.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char bytes[8] = {};
  iovec here = {bytes, sizeof bytes};
  iovec there = {reinterpret_cast<void*>(0x10), sizeof bytes};
  return behaviour::JudgeRights("process_vm_writev", process_vm_writev(1, &here, 1, &there, 1, 0),
                                EFAULT);
}
