// Leaves a name with U+009B, which a terminal may take for the beginning of an escape sequence.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  return behaviour::Leave("a name", behaviour::WriteFile("out/a\xc2\x9b"
                                                         "2J",
                                                         "x")
                                        ? 0
                                        : -1);
}
