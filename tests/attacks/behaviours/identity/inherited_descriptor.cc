// Reads a file that whoever started the sandbox had open.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  for (int fd = 3; fd < 1024; ++fd) {
    char text[64] = {};
    if (pread(fd, text, sizeof text - 1, 0) > 0 &&
        std::strstr(text, behaviour::kSecret) != nullptr) {
      return behaviour::Allowed("an inherited descriptor");
    }
  }
  return behaviour::Refused("no inherited descriptor");
}
