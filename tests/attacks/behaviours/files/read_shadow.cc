// Reads the host's passwords.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char text[64];
  if (behaviour::ReadFile("/etc/shadow", text) < 0)
    return behaviour::RefusedByKernel("/etc/shadow");
  return behaviour::Allowed("/etc/shadow");
}
