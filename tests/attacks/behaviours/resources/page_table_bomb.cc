// Takes the kernel's memory by tables of pages that hold nothing: one read makes a table of 4 KiB
// for each 2 MiB of addresses.
#include <sys/mman.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  constexpr std::size_t kTable = 4096;
  constexpr std::size_t kStep = 2 << 20;
  auto tables = (static_cast<std::size_t>(behaviour::Number(argc, argv, 1)) << 20) / kTable;
  void* memory =
      mmap(nullptr, tables * kStep, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return behaviour::RefusedByKernel("mmap");
  // A kernel without huge pages knows no such advice.
  madvise(memory, tables * kStep, MADV_NOHUGEPAGE);
  const volatile char* bytes = static_cast<const volatile char*>(memory);
  int sum = 0;
  for (std::size_t i = 0; i < tables; ++i) sum += bytes[i * kStep];
  sleep(1);
  return sum == 0 ? behaviour::Allowed("mmap") : behaviour::Missing("pages of zeros");
}
