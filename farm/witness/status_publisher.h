// The monitor's own word: signed, time-stamped, kept in a file, and never taken back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/base/mutex.h"
#include "farm/base/result.h"
#include "farm/sign/signer.h"
#include "farm/witness/status_maker.h"

namespace farm {

struct StatusPublisherOptions {
  std::string id;                  // of the monitor, as the root lists it
  std::unique_ptr<Signer> signer;  // P-256
  std::string file;                // "status.json": one bundle line
  std::size_t cosignatures = 1;
  std::int64_t period_seconds = kDaySeconds;  // to the next update; half of it if nothing happens
  // The root as it is now.
  std::function<Result<TrustRoot>()> root;
  // RFC 3161 token over a signature.
  std::function<Result<std::string>(std::string_view)> stamp;
};

// Thread-safe.
class StatusPublisher {
 public:
  // Takes up what stands in the file.  `files` and `clock` outlive it.
  // Errors: kInvalidInput (a file that is no status, or by another monitor; a key that is not
  // P-256).
  static Result<std::unique_ptr<StatusPublisher>> Open(StatusPublisherOptions options,
                                                       FileSystem& files, const Clock& clock);
  // Makes a new status if a log has grown, the root has changed or half of the period is over; true
  // if it did.  The file holds it on return.
  // Errors: those of MakeStatus, of the root, the key, the stamp and of storing; kMismatch exit 15
  // (a log is smaller than in the status before); kUntrusted exit 25 (the root does not list this
  // key under this id); those of VerifyStatus (a verdict by the root would refuse it).  On an error
  // the file stays as it was.
  Result<bool> Publish(const std::vector<WatchedLog>& logs);
  // The file's bytes; "" before there are any.
  std::string bytes() const;

 private:
  StatusPublisher(StatusPublisherOptions options, FileSystem& files, const Clock& clock)
      : options_(std::move(options)), files_(files), clock_(clock) {}
  Status CheckNotBack(const FarmStatus& next, const TrustRoot& root) const REQUIRES(mutex_);
  bool IsDue(const FarmStatus& next) const REQUIRES(mutex_);

  const StatusPublisherOptions options_;
  FileSystem& files_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::optional<FarmStatus> last_ GUARDED_BY(mutex_);
  std::string bytes_ GUARDED_BY(mutex_);
};

}  // namespace farm
