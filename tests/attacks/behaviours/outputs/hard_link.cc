// Leaves one file by two names, so that a change of one is a change of both.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  behaviour::WriteFile("out/file", "x");
  return behaviour::Leave("link", link("out/file", "out/second"));
}
