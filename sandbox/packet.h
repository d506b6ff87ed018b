#pragma once

#include <sys/uio.h>

#include <vector>

#include "sandbox/descriptor.h"

namespace sandbox {

// Packets with descriptors over a SOCK_SEQPACKET socket: what the processes of a run (channel.h)
// and a launcher and its monitor (monitor.h) exchange.
constexpr std::size_t kPacketFdsMax = 4;

// `fds` are borrowed; at most kPacketFdsMax are sent. flags: MSG_DONTWAIT or 0.
Status SendPacket(int socket, std::vector<iovec> parts, const std::vector<int>& fds, int flags);

struct Packet {
  std::size_t bytes = 0;  // 0: an empty packet, or the other side is gone
  std::vector<UniqueFd> fds;
};
// Fails where there is more than `parts` and kPacketFdsMax hold; what came is closed then.
Result<Packet> ReceivePacket(int socket, std::vector<iovec> parts, int flags);

}  // namespace sandbox
