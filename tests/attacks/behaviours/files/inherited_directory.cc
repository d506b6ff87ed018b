// Reaches the host by a folder that somebody left open (CVE-2024-21626).
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* secret = behaviour::Word(argc, argv, 1);
  for (int fd = 3; fd < 1024; ++fd) {
    int file = openat(fd, secret + 1, O_RDONLY);
    if (file >= 0) return behaviour::Allowed("openat of an inherited folder");
  }
  return behaviour::Refused("no inherited folder");
}
