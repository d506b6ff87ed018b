// Reads the environment of whoever started the sandbox.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (std::strstr(*entry, behaviour::kSecret) != nullptr) return behaviour::Allowed("environ");
  }
  return behaviour::Refused("not in the environment");
}
