// Takes from the first process of its namespace what it needs to see others by, and then more
// memory than it may; its argument is how many MiB.
#include <sys/mman.h>
#include <sys/resource.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  rlimit few = {3, 3};
  prlimit(1, RLIMIT_NOFILE, &few, nullptr);
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
