// Sees what the process that started everything has open.
#include <dirent.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  DIR* directory = opendir("/proc/1/fd");
  return behaviour::Judge("/proc/1/fd", directory == nullptr ? -1 : 0);
}
