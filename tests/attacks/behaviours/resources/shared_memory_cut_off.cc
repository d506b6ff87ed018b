// Takes memory that counts as shared and takes all but a page of it out of sight: the kernel keeps
// the rest for as long as the page is mapped.
#include <sys/mman.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  constexpr std::size_t kPiece = 1 << 20;
  constexpr std::size_t kPage = 4096;
  long wanted = behaviour::Number(argc, argv, 1);
  for (long i = 0; i < wanted; ++i) {
    void* memory = mmap(nullptr, kPiece, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return behaviour::RefusedByKernel("mmap");
    std::memset(memory, 1, kPiece);
    munmap(static_cast<char*>(memory) + kPage, kPiece - kPage);
  }
  sleep(1);
  return behaviour::Allowed("mmap");
}
