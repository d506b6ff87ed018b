// Takes memory by files that lie in no folder and are mapped by nobody.
#include <sys/mman.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  static char block[1 << 20];
  std::memset(block, 1, sizeof block);
  int file = static_cast<int>(memfd_create("bomb", 0));
  if (file < 0) return behaviour::RefusedByKernel("memfd_create");
  for (long i = 0; i < wanted; ++i) {
    if (write(file, block, sizeof block) < 0) return behaviour::RefusedByKernel("write");
  }
  sleep(1);
  return behaviour::Allowed("memfd_create");
}
