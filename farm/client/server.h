// gRPC from the server's side: mutual TLS, health, reflection, limits, and who is calling.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/result.h"
#include "farm/client/channel.h"
#include "farm/client/tls.h"

namespace farm {

struct ServerConfig {
  std::string listen;  // "127.0.0.1:4711"; port 0 takes a free one
  TlsFiles tls;
  std::vector<grpc::Service*> services;  // must outlive the server
  int message_bytes_max = kMessageBytesMax;
  // Asked every kHealthPoll, from a thread: an error makes gRPC's health service say NOT_SERVING.
  // Empty: always SERVING.  Must outlive the server.
  std::function<Status()> health = {};
};
constexpr std::chrono::milliseconds kHealthPoll{500};

class HealthWatch;

// Destroying it stops the server: calls that run get kShutdownGrace, then are cancelled.
class RunningServer {
 public:
  RunningServer(std::unique_ptr<grpc::Server> server, std::string listen,
                std::function<Status()> health);
  ~RunningServer();
  RunningServer(RunningServer&&) noexcept;
  RunningServer& operator=(RunningServer&& other) noexcept;  // stops what was there
  const std::string& listen() const { return listen_; }      // with the real port
  // Stops taking calls and cancels those that run after kShutdownGrace.  Idempotent.
  void Stop();

 private:
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<HealthWatch> health_;  // ends before the server
  std::string listen_;
};
constexpr std::chrono::milliseconds kShutdownGrace{500};  // SIGTERM ends a daemon within a second

// Clients must show a certificate of `tls.authority`.
// Errors: unreadable files, exit 25 where others may read the key; kUnavailable exit 30 (address in
// use, not ours).
Result<RunningServer> StartServer(const ServerConfig& config);

// Common name of the client's certificate: the party, for authorisation.  "" without one.
std::string PeerName(const grpc::ServerContext& context);
// The peer's name if it is one of `allowed`.  Errors: kUntrusted exit 25, naming peer and action.
Result<std::string> RequirePeer(const grpc::ServerContext& context,
                                const std::vector<std::string>& allowed, std::string_view action);

}  // namespace farm
