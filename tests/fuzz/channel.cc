// Any bytes that one process of a run sends to another are a message or an error.
#include "sandbox/channel.h"

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto channel = sandbox::MakeChannel();
  if (!channel.ok()) std::abort();
  if (send(channel->first.get(), data, size, MSG_DONTWAIT) < 0) return 0;  // larger than a packet
  auto message = sandbox::Receive(channel->second.get());
  if (!message.ok()) return 0;
  if (message->text.size() > sandbox::kMessageTextMax || !message->fds.empty()) std::abort();
  return 0;
}
