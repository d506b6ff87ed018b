// Takes more memory than it may; its argument is how many MiB.
#include <sys/mman.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  for (long i = 0; i < wanted; ++i) {
    void* memory =
        mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      behaviour::Insist();
      return behaviour::RefusedByKernel("mmap");
    }
    std::memset(memory, 1, 1 << 20);
  }
  sleep(1);
  return behaviour::Allowed("mmap");
}
