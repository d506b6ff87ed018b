// Reads what whoever started the sandbox has on standard input.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char text[64] = {};
  if (read(0, text, sizeof text - 1) > 0 && std::strstr(text, behaviour::kSecret) != nullptr) {
    return behaviour::Allowed("standard input");
  }
  return behaviour::Refused("nothing on standard input");
}
