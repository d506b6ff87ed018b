#include "sandbox/channel.h"

#include <sys/socket.h>

#include <algorithm>

#include "sandbox/packet.h"

namespace sandbox {
namespace {

struct Header {
  std::uint32_t kind;
  std::uint32_t text_bytes;
  std::int64_t numbers[5];
};

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
  return SendPacket(channel,
                    {{&header, sizeof header}, {const_cast<char*>(text.data()), header.text_bytes}},
                    fds, 0);
}

Result<Message> Receive(int channel) {
  Header header = {};
  // Not cleared: most texts are short, and a page that nobody touches costs nothing.
  char text[kMessageTextMax];
  Result<Packet> packet =
      ReceivePacket(channel, {{&header, sizeof header}, {text, sizeof text}}, 0);
  if (!packet.ok()) return packet.status();
  if (packet->bytes == 0) return Status::Failed("the other side is gone");
  if (packet->bytes < sizeof header || packet->bytes != sizeof header + header.text_bytes) {
    return Status::Failed("malformed message");
  }
  Message message;
  message.fds = std::move(packet->fds);
  message.kind = static_cast<Kind>(header.kind);
  std::copy_n(header.numbers, 5, message.numbers);
  message.text.assign(text, header.text_bytes);
  return message;
}

}  // namespace sandbox
