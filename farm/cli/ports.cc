#include "farm/cli/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/client/config.h"

namespace farm {
namespace {

// A socket that holds a port as long as it lives.
class HeldPort {
 public:
  // `reuse`: connections that are over do not count.
  HeldPort(int port, bool reuse) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = reuse ? 1 : 0;
    setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    error_ = bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  }
  ~HeldPort() {
    if (socket_ >= 0) close(socket_);
  }
  HeldPort(HeldPort&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), error_(other.error_) {}
  HeldPort& operator=(HeldPort&&) = delete;
  bool held() const { return error_ == 0; }
  bool is_taken() const { return error_ == EADDRINUSE; }

 private:
  int socket_;
  int error_ = 0;
};

}  // namespace

Result<std::vector<int>> FreePorts(std::size_t count, int start) {
  constexpr int kCount = kLastPort - kFirstPort + 1;
  CHECK(start >= kFirstPort && start <= kLastPort);
  std::vector<HeldPort> sockets;
  std::vector<int> ports;
  for (int i = 0; i < kCount && ports.size() < count; ++i) {
    const int port = kFirstPort + (start - kFirstPort + i) % kCount;
    HeldPort socket(port, false);
    if (!socket.held()) continue;
    sockets.push_back(std::move(socket));
    ports.push_back(port);
  }
  if (ports.size() == count) return ports;
  return Error{ErrorCode::kUnavailable, "127.0.0.1 has fewer than " + std::to_string(count) +
                                            " free ports from " + std::to_string(kFirstPort) +
                                            " to " + std::to_string(kLastPort)};
}

Status CheckPortsFree(const std::string& config_path, const std::string& party,
                      const std::string& state) {
  const auto config = ReadConfig(config_path);
  if (!config) return {};
  for (const char* field : {"listen", "httpListen"}) {
    const auto found = config->json.find(field);
    if (found == config->json.end() || !found->is_string()) continue;
    const std::string address = found->get<std::string>();
    const auto port = ParseDecimal(address.substr(address.rfind(':') + 1), 65535);
    if (!port || *port == 0 || !HeldPort(static_cast<int>(*port), true).is_taken()) continue;
    return Error{ErrorCode::kUnavailable,
                 party + " cannot listen on " + address + " (" + config_path + ": " + field +
                     "): another program has that port; end it (`ss -ltnp` names it), or make a " +
                     "new farm, which chooses free ports: `farm init --development --state` with " +
                     "another folder than " + state};
  }
  return {};
}

}  // namespace farm
