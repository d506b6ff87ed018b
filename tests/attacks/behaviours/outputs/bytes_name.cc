// Leaves a name that is no text.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  return behaviour::Leave("a name", behaviour::WriteFile("out/a\xff", "x") ? 0 : -1);
}
