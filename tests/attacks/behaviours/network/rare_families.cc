// Looks for any family of sockets that programs have no use for.
#include <sys/socket.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  for (int family = 2; family < 64; ++family) {
    if (family == AF_INET || family == AF_INET6 || family == AF_NETLINK || family == AF_PACKET ||
        family == AF_VSOCK || family == AF_ALG) {
      continue;
    }
    for (int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET}) {
      if (socket(family, type, 0) < 0) continue;
      char text[16];
      std::snprintf(text, sizeof text, "%d", family);
      return behaviour::Allowed("socket of the family", text);
    }
  }
  return behaviour::Refused("no family");
}
