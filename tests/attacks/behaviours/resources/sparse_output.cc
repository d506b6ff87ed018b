// Leaves an output that takes no room here and much where it is copied to.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  int file = open("out/file", O_WRONLY | O_CREAT, 0644);
  if (file < 0) return behaviour::MissingByKernel("out/file");
  return behaviour::Leave("ftruncate", ftruncate(file, off_t{1} << 40));
}
