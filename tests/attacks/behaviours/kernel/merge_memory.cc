// Has the kernel look for pages of others that are equal to its own, and keep them once: how long a
// write to one takes tells whether somebody else has it too.
#include <sys/mman.h>
#include <sys/prctl.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  constexpr std::size_t kSize = 1 << 16;
  constexpr int kSetMemoryMerge = 67;  // PR_SET_MEMORY_MERGE
  void* pages = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return behaviour::MissingByKernel("mmap");
  // EINVAL is what a kernel says that does not merge.
  if (madvise(pages, kSize, MADV_MERGEABLE) == 0) return behaviour::Allowed("madvise");
  if (prctl(kSetMemoryMerge, 1, 0, 0, 0) == 0) return behaviour::Allowed("prctl");
  return behaviour::RefusedByKernel("madvise and prctl");
}
