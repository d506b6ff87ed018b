// Looks for protocols of the internet that a wall made for TCP and UDP does not see, or whose
// module the kernel loads for whoever asks.
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/attacks/behaviours/behaviour.h"

namespace {

struct Wanted {
  const char* name;
  int type;
  int protocol;
};
constexpr int kSmc = 256;
constexpr int kL2tp = 115;
constexpr Wanted kWanted[] = {
    {"multipath TCP", SOCK_STREAM, IPPROTO_MPTCP},
    {"SCTP", SOCK_STREAM, IPPROTO_SCTP},
    {"SCTP by its type", SOCK_SEQPACKET, 0},
    {"DCCP", SOCK_DCCP, 0},
    {"SMC", SOCK_STREAM, kSmc},
    {"L2TP", SOCK_DGRAM, kL2tp},
    {"UDP-Lite", SOCK_DGRAM, IPPROTO_UDPLITE},
    {"ping", SOCK_DGRAM, IPPROTO_ICMP},
};

}  // namespace

int main() {
  for (const Wanted& wanted : kWanted) {
    for (int family : {AF_INET, AF_INET6}) {
      if (socket(family, wanted.type | SOCK_CLOEXEC, wanted.protocol) >= 0) {
        return behaviour::Allowed("socket", wanted.name);
      }
    }
  }
  return behaviour::Refused("no protocol");
}
