// Leaves a name that writes on the terminal of whoever lists it.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  return behaviour::Leave("a name", behaviour::WriteFile("out/a\x1b]0;b\x07", "x") ? 0 : -1);
}
