// Sees the machine's devices.
#include <dirent.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  DIR* directory = opendir("/sys/class");
  return behaviour::Judge("/sys/class", directory == nullptr ? -1 : 0);
}
