// Leaves two names that differ in their case only: neither may take the other's place.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  bool made =
      behaviour::WriteFile("out/Name", "upper") && behaviour::WriteFile("out/name", "lower");
  return behaviour::Leave("two names", made ? 0 : -1);
}
