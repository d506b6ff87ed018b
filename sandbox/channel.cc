#include "sandbox/channel.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>

namespace sandbox {
namespace {

struct Header {
  std::uint32_t kind;
  std::uint32_t text_bytes;
  std::int64_t numbers[5];
};

void TakeDescriptors(msghdr* header, std::vector<UniqueFd>* fds) {
  for (cmsghdr* part = CMSG_FIRSTHDR(header); part != nullptr; part = CMSG_NXTHDR(header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      fds->emplace_back(fd);
    }
  }
}

}  // namespace

Result<ChannelPair> MakeChannel() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
    return SystemError("socketpair");
  }
  return ChannelPair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

Status Send(int channel, Kind kind, const std::vector<std::int64_t>& numbers,
            const std::string& text, const std::vector<int>& fds) {
  Header header = {};
  header.kind = static_cast<std::uint32_t>(kind);
  header.text_bytes = static_cast<std::uint32_t>(std::min(text.size(), kMessageTextMax));
  std::copy_n(numbers.begin(), std::min<std::size_t>(numbers.size(), 5), header.numbers);
  iovec parts[2] = {{&header, sizeof header}, {const_cast<char*>(text.data()), header.text_bytes}};
  alignas(cmsghdr) char control[CMSG_SPACE(kMessageFdsMax * sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  if (!fds.empty()) {
    std::size_t bytes = std::min(fds.size(), kMessageFdsMax) * sizeof(int);
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(part), fds.data(), bytes);
  }
  while (sendmsg(channel, &message, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return SystemError("sending a message");
  }
  return {};
}

Result<Message> Receive(int channel) {
  Header header = {};
  // Not cleared: most texts are short, and a page that nobody touches costs nothing.
  char text[kMessageTextMax];
  iovec parts[2] = {{&header, sizeof header}, {text, sizeof text}};
  alignas(cmsghdr) char control[CMSG_SPACE(kMessageFdsMax * sizeof(int))] = {};
  msghdr raw = {};
  raw.msg_iov = parts;
  raw.msg_iovlen = 2;
  raw.msg_control = control;
  raw.msg_controllen = sizeof control;
  ssize_t count;
  do {
    count = recvmsg(channel, &raw, MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return SystemError("receiving a message");
  Message message;
  TakeDescriptors(&raw, &message.fds);
  if (count == 0) return Status::Failed("the other side is gone");
  if (count < static_cast<ssize_t>(sizeof header) ||
      static_cast<std::size_t>(count) != sizeof header + header.text_bytes) {
    return Status::Failed("malformed message");
  }
  message.kind = static_cast<Kind>(header.kind);
  std::copy_n(header.numbers, 5, message.numbers);
  message.text.assign(text, header.text_bytes);
  return message;
}

}  // namespace sandbox
