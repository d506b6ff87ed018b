// Waiting: how long `farm release --wait` waits for others.  It ends by itself: at its time limit,
// and earlier once nothing has gone on for a while because somebody does not answer.  No clock of
// its own.
#pragma once

#include <chrono>
#include <optional>

#include "farm/base/mutex.h"
#include "farm/base/result.h"
#include "farm/proto/farm.pb.h"

namespace farm {

using SteadyTime = std::chrono::steady_clock::time_point;

struct WaitLimits {
  std::chrono::seconds all;      // from the start to the end
  std::chrono::seconds silence;  // nothing goes on, and neither a site builds nor people approve
};
// A quarter of an hour: farmd asks a site that is down every half minute, the signer may read the
// log for five minutes, and a large kit takes some.
constexpr std::chrono::seconds kSilenceOfParties = std::chrono::minutes(15);

// Thread-safe.
class Waiting {
 public:
  Waiting(WaitLimits limits, SteadyTime start)
      : limits_(limits), start_(start), last_progress_(start) {}

  // What farmd says of the release now.
  void See(const v1::ReleaseInfo& info, SteadyTime now);
  // Success while it is worth to wait.  Errors: kUntrusted exit 14 (approvals are missing at the
  // time limit); kUnavailable exit 30, naming the sites that have not answered.
  Status Check(SteadyTime now) const;

 private:
  const WaitLimits limits_;
  const SteadyTime start_;
  mutable Mutex mutex_;
  std::optional<v1::ReleaseInfo> info_ GUARDED_BY(mutex_);
  SteadyTime last_progress_ GUARDED_BY(mutex_);
};

}  // namespace farm
