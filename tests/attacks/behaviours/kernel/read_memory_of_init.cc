// Reads the memory of the process that started everything. The kernel looks at the right to do so
// before it looks for the page.
#include <sys/uio.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char bytes[8];
  iovec here = {bytes, sizeof bytes};
  iovec there = {reinterpret_cast<void*>(0x400000), sizeof bytes};
  return behaviour::JudgeRights("process_vm_readv", process_vm_readv(1, &here, 1, &there, 1, 0),
                                EFAULT);
}
