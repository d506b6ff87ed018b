// Leaves a name that is two lines.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  return behaviour::Leave("a name", behaviour::WriteFile("out/a\nb", "x") ? 0 : -1);
}
