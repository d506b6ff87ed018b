// Takes memory that counts as shared.
#include <sys/mman.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  auto size = static_cast<std::size_t>(behaviour::Number(argc, argv, 1)) << 20;
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return behaviour::RefusedByKernel("mmap");
  std::memset(memory, 1, size);
  sleep(1);
  return behaviour::Allowed("mmap");
}
