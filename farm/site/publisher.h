// Publisher: brings a signed record to its time stamp and into the log.
#pragma once

#include <memory>
#include <string>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/client/log_client.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/trust_root.h"
#include "farm/site/site.h"

namespace farm {

// Thread-safe.
class Publisher {
 public:
  // `authority`: the time-stamping authority's name in the root; empty: its only one.
  static Result<std::unique_ptr<Publisher>> Open(const Endpoint& log, std::string timestamp_url,
                                                 std::string authority);
  // The time by the clock of the authority, as the root in the file `root` lists it.
  // Errors: unreadable root; kInvalidInput (it does not list the authority); those of
  // TimestampClient::Now.
  Result<UnixSeconds> TimestampClock(const std::string& root);
  // The record with time stamp and log entry; whether they count is for the site to say, before it
  // keeps them.
  // Errors: those of StampAndLog; kInvalidInput (the root does not list the authority).
  Result<Bundle> Publish(const SiteParts::Publication& publication);

 private:
  Result<std::unique_ptr<TimestampClient>> OpenTimestamp(const TrustRoot& root);
  Publisher(std::unique_ptr<LogClient> log, std::string timestamp_url, std::string authority)
      : log_(std::move(log)),
        timestamp_url_(std::move(timestamp_url)),
        authority_(std::move(authority)) {}
  const std::unique_ptr<LogClient> log_;
  const std::string timestamp_url_;
  const std::string authority_;
};

}  // namespace farm
