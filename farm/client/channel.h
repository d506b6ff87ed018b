// gRPC from the client's side: channels with mutual TLS, deadlines, errors with words.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "farm/base/result.h"
#include "farm/client/tls.h"

namespace farm {

// One message: a manifest and a lock of 4 MiB each plus 256 lines would be the largest sane call.
constexpr int kMessageBytesMax = 64 << 20;
constexpr std::size_t kBlobPieceBytes = 1 << 20;  // proto/farm.proto: pieces of at most 1 MiB

// Why these: a plain call does file work on the other side only; Append waits for two fsyncs and
// the witnesses (10 s each); Decide reads the whole log; a build is bounded by its manifest's
// limits and the site's own time limits, so a stream only needs a bound against a peer that never
// ends it.
constexpr std::chrono::seconds kCallDeadline{30};
constexpr std::chrono::seconds kAppendDeadline{60};
constexpr std::chrono::seconds kDecideDeadline{300};
constexpr std::chrono::seconds kBlobDeadline{3600};
constexpr std::chrono::seconds kBuildDeadline{24 * 3600};

// A lazy channel: connects at the first call, reconnects by itself.
// Errors: unreadable TLS files (kNotFound, kUnavailable, exit 25 where others may read the key),
// naming them.
Result<std::shared_ptr<grpc::Channel>> Connect(const Endpoint& endpoint);
// "log at 127.0.0.1:4711": how messages name it.
std::string PeerText(const Endpoint& endpoint);

// Asked about ten times a second during a stream; true cancels the call (exit 26).  May be empty.
using Cancelled = std::function<bool()>;

// An Error as a gRPC status and back, without loss: code and exit code travel as a
// google.rpc.ErrorInfo in the status details (domain "farm", reason = code, metadata "exit").
grpc::Status ToGrpc(const Error& error);
grpc::Status ToGrpc(const Status& status);
// `peer` names the other side in the message ("log at 127.0.0.1:4711").  Statuses that no program
// of ours made: unreachable or late -> kUnavailable exit 30; unauthenticated or denied ->
// kUntrusted exit 25; cancelled -> kUnavailable exit 26.
Error FromGrpc(const grpc::Status& status, std::string_view peer);

// Cancels `context` when `cancelled` says so, until destroyed (one thread, only if not empty).
class CancellationWatch {
 public:
  CancellationWatch(grpc::ClientContext& context, Cancelled cancelled);
  ~CancellationWatch();
  CancellationWatch(const CancellationWatch&) = delete;
  CancellationWatch& operator=(const CancellationWatch&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace farm
