#include "sandbox/packet.h"

#include <sys/socket.h>

#include <algorithm>

namespace sandbox {
namespace {

// Whoever has made the socket may ask the kernel for a pidfd with each packet (Linux 6.5).
constexpr int kPidfdOfSender = 4;  // SCM_PIDFD

void TakeDescriptors(msghdr* header, std::vector<UniqueFd>* fds) {
  for (cmsghdr* part = CMSG_FIRSTHDR(header); part != nullptr; part = CMSG_NXTHDR(header, part)) {
    if (part->cmsg_level != SOL_SOCKET) continue;
    if (part->cmsg_type != SCM_RIGHTS && part->cmsg_type != kPidfdOfSender) continue;
    for (std::size_t i = 0; i < (part->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      fds->emplace_back(fd);
    }
  }
}

}  // namespace

Status SendPacket(int socket, std::vector<iovec> parts, const std::vector<int>& fds, int flags) {
  alignas(cmsghdr) char control[CMSG_SPACE(kPacketFdsMax * sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  if (!fds.empty()) {
    std::size_t bytes = std::min(fds.size(), kPacketFdsMax) * sizeof(int);
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(part), fds.data(), bytes);
  }
  while (sendmsg(socket, &message, MSG_NOSIGNAL | flags) < 0) {
    if (errno != EINTR) return SystemError("sending a packet");
  }
  return {};
}

Result<Packet> ReceivePacket(int socket, std::vector<iovec> parts, int flags) {
  alignas(cmsghdr) char control[CMSG_SPACE(kPacketFdsMax * sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t count;
  do {
    count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return SystemError("receiving a packet");
  Packet packet;
  packet.bytes = static_cast<std::size_t>(count);
  TakeDescriptors(&message, &packet.fds);
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return Status::Failed("a packet of more bytes or descriptors than allowed");
  }
  return packet;
}

}  // namespace sandbox
