// HistoryReader: keeps what the signer has read up to date with the log, which it does not believe:
// only up to witnessed heads, every root recomputed, never backwards.  The logs that this one goes
// on from are read once, from mirrors, to the ends that the trust root gives them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/client/closed_log.h"
#include "farm/client/log_follower.h"
#include "farm/evidence/trust_root.h"
#include "farm/gate/history.h"

namespace farm {

// Which log, in which trust root, with how many witnesses at least.
struct HistoryQuery {
  const TrustRoot& root;
  std::int64_t witnesses = 0;
  // The head must cover as many entries as stand here under the log's origin.
  std::map<std::string, std::uint64_t> entries;
};

struct HistorySources {
  std::string url;     // where the open log's tiles are served
  std::string origin;  // its name in the root; empty: the root's only log
  std::vector<ClosedLogMirror> closed;
};

// Not thread-safe.
class HistoryReader {
 public:
  explicit HistoryReader(HistorySources sources) : sources_(std::move(sources)) {}

  // The history up to the log's newest witnessed head.  Reads only what is new since the last call;
  // a root that has changed makes it read all again.  Owned by this; valid until the next call.
  // Errors: those of LogFollower (15, 16, 30), of OpenLogsBefore and ReadClosedLog (15, 30);
  // kUnavailable exit 30 (head covers too little).
  Result<Histories> Read(const HistoryQuery& query);

  // WitnessedTime of that log; reads no entry, asks for no `entries`.
  Result<UnixSeconds> WitnessedAt(const HistoryQuery& query) const;

 private:
  struct Reading {
    Digest root;
    std::string origin;
    LogFollower follower;
    LogHistory history;
    std::vector<LogHistory> closed;
  };
  // With the log and the root of a query, unless it reads by them already.
  Status Start(const TrustRoot& root);
  // Which log is read.  Errors: kInvalidInput (neither the configuration nor the root says).
  Result<std::string> OriginIn(const TrustRoot& root) const;
  // That log and its witnesses.
  Result<LogTrust> TrustOf(const HistoryQuery& query) const;

  const HistorySources sources_;
  std::optional<Reading> reading_;
};

}  // namespace farm
