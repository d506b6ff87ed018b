// Putting signed things into the log: time stamp, append, consistency.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/client/channel.h"
#include "farm/client/timestamp_client.h"
#include "farm/client/tls.h"
#include "farm/evidence/bundle.h"

namespace farm {

class LogReader;

// Thread-safe.
class LogClient {
 public:
  static Result<std::unique_ptr<LogClient>> Open(const Endpoint& endpoint);
  // `bundle` must have its time stamp.  Idempotent: the same envelope gets the same leaf; its
  // proof may be under a newer checkpoint.  Checks of the answer: same envelope and token, leaf
  // bytes, inclusion proof.  Who witnessed it is for the reader's own root to say.
  // `epoch`: of the farmd that asks (a site passes on the one it was asked with); 0 for a party
  // that has none.
  // Errors: kUnavailable exit 30 (unreachable, or not witnessed yet: ask again), kUntrusted exit 25
  // (may not append, or an epoch older than seen), kInvalidInput, kMismatch exit 15 (the answer
  // does not prove what was asked).
  Result<Bundle> Append(const Bundle& bundle, std::uint64_t epoch);

 private:
  struct State;
  explicit LogClient(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;  // shared: gRPC's stub type stays out of this header
};

// Takes a signed bundle to its place in the log.  Idempotent at every step: a token that is there
// is kept ("the first stored token wins"), a log entry that is there is kept.  `keep` is called
// with the stamped bundle before it is appended: store it durably there, so that a crash in between
// finds the same token again; may be empty.
// Errors: those of Stamp, keep and Append.
struct StampAndLogInput {
  Bundle bundle;
  std::uint64_t epoch = 0;
  std::function<Status(const Bundle&)> keep;
};
Result<Bundle> StampAndLog(StampAndLogInput input, TimestampClient& timestamp, LogClient& log);

// The release line: adds to its checkpoint a consistency proof from the checkpoint of each of
// `lines` (DESIGN section 3, "Time").  Idempotent.
// Errors: those of the reader; kMismatch exit 15 (a line's checkpoint is not of the same history).
Result<Bundle> AddConsistencyProofs(Bundle release, const std::vector<Bundle>& lines,
                                    LogReader& reader);

}  // namespace farm
