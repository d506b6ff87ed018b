// Locks more memory than a build needs.
#include <sys/mman.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  auto size = static_cast<std::size_t>(behaviour::Number(argc, argv, 1)) << 20;
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return behaviour::MissingByKernel("mmap");
  return behaviour::Judge("mlock", mlock(memory, size));
}
