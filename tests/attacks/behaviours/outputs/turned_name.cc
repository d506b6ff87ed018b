// Leaves a name whose end is shown from right to left: another one than it is.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  return behaviour::Leave("a name", behaviour::WriteFile("out/a\xe2\x80\xae"
                                                         "txt.exe",
                                                         "x")
                                        ? 0
                                        : -1);
}
