// Knows the host's time zone.
#include <time.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  if (getenv("TZ") != nullptr) return behaviour::Allowed("TZ", getenv("TZ"));
  if (access("/etc/localtime", F_OK) == 0 || access("/etc/timezone", F_OK) == 0) {
    return behaviour::Allowed("/etc/localtime");
  }
  return behaviour::Refused("no time zone");
}
