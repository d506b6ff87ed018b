// Not hostile by itself: leaves an output at whose place the host has a link to a file of its own.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  return behaviour::Leave("a file", behaviour::WriteFile("out/file", "changed") ? 0 : -1);
}
