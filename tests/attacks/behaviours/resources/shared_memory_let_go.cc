// Takes memory that counts as shared and lets go of it in the process's own tables, piece by piece:
// the kernel keeps it, and nobody seems to use it.
#include <sys/mman.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  constexpr std::size_t kPiece = 1 << 20;
  auto size = static_cast<std::size_t>(behaviour::Number(argc, argv, 1)) << 20;
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return behaviour::RefusedByKernel("mmap");
  for (std::size_t at = 0; at < size; at += kPiece) {
    char* piece = static_cast<char*>(memory) + at;
    std::memset(piece, 1, kPiece);
    if (madvise(piece, kPiece, MADV_DONTNEED) != 0) return behaviour::MissingByKernel("madvise");
  }
  sleep(1);
  return behaviour::Allowed("mmap");
}
