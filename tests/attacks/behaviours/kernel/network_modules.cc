// Asks for bridges and virtual networks: the kernel loads their modules before it looks at who
// asks.
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return behaviour::MissingByKernel("socket");
  for (unsigned long request : {SIOCGIFBR, SIOCGIFVLAN}) {
    unsigned long arguments[8] = {};  // as much as either reads; 0 asks for the version
    if (ioctl(fd, request, arguments) != -1 || errno != EPERM) {
      return behaviour::Allowed("ioctl", "the kernel has looked for it");
    }
  }
  return behaviour::Refused("ioctl", "EPERM");
}
