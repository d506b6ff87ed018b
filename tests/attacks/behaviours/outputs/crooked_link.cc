// Leaves a link that climbs out by another link, so that its text alone looks as if it stayed.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  for (const char* folder : {"out", "out/a", "out/a/b"}) mkdir(folder, 0755);
  if (symlink("../..", "out/a/b/up") != 0) return behaviour::MissingByKernel("symlink");
  return behaviour::Leave("symlink", symlink("up/../../etc/passwd", "out/a/b/link"));
}
