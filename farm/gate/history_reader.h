// HistoryReader: keeps a LogHistory up to date with the log, which it does not believe: only up to
// witnessed heads, every root recomputed, never backwards.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/client/log_reader.h"
#include "farm/evidence/trust_root.h"
#include "farm/gate/history.h"

namespace farm {

// Which log, in which trust root, with how many witnesses at least.
struct HistoryQuery {
  const TrustRoot& root;
  std::int64_t witnesses = 0;
  std::uint64_t entries = 0;  // the head must cover this many
};

// Not thread-safe.
class HistoryReader {
 public:
  // `url`: where tiles are served.  `origin`: the log's name in the root; empty: its only log.
  HistoryReader(std::string url, std::string origin);

  // The history up to the log's newest witnessed head.  Reads only what is new since the last call;
  // a root that has changed makes it read all again.  Owned by this; valid until the next call.
  // Errors: those of LogReader (15, 16, 30); kUnavailable exit 30 (head covers too little).
  Result<const LogHistory*> Read(const HistoryQuery& query);

  // WitnessedTime of that log; reads no entry, asks for no `entries`.
  Result<UnixSeconds> WitnessedAt(const HistoryQuery& query);

 private:
  struct Reading {
    Digest root;
    std::string origin;
    std::unique_ptr<LogReader> reader;
    LogHistory history;
    std::map<std::uint64_t, std::string> without_payload;  // leaves, by index
  };
  // With the log and the root of a query, unless it reads by them already.
  Status Start(const TrustRoot& root);
  // That log and its witnesses, after Start.
  Result<LogTrust> TrustOf(const HistoryQuery& query) const;
  // Asks again for payloads that were missing.  Errors: kUnavailable (no answer at all).
  Status FetchMissing();
  Status Catch(const WitnessedHead& head);

  const std::string url_;
  const std::string origin_;
  std::optional<Reading> reading_;
};

}  // namespace farm
