// From what the monitor has read in the logs to what it says of them.  Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/evidence/statement.h"
#include "farm/evidence/trust_root.h"
#include "farm/witness/log_facts.h"

namespace farm {

// A log, read to the head that it served.
struct WatchedLog {
  const LogFacts* facts = nullptr;  // borrowed
  std::string checkpoint;           // the note as served
};

struct StatusOrder {
  std::string monitor;  // id in the trust root
  UnixSeconds now = 0;
  std::int64_t period_seconds = 0;  // to the next update
  std::size_t cosignatures = 1;     // of the root's witnesses, that each checkpoint must have
};

// Who counts:
//   withdrawal  auditors and requesters of the root, whose key was good when they say they wrote
//   it;
//               it stands whatever becomes of the key after, and whatever else they write; of a
//               release that is in one of the logs
//   release     the root's signers; a withdrawn one is nobody's newest.  Of the newest none is
//               named where all do not fit: they only hint at what is superseded
//   dissent     the root's signers, also under CAs renewed since; of a manifest with a release, and
//               of each such manifest the first
//   revocation  the root itself: of keys, and of releases that are in one of the logs
// Errors: kMismatch exit 15 (something unread that could matter, a closed log that is read to less
// than its end), kUntrusted exit 15 (one beyond its end), kUntrusted
// exit 16 (too few cosignatures), kNotFound (a log that the root does not list), kLimitExceeded
// (withdrawals, dissents or revoked keys do not fit).
Result<FarmStatus> MakeStatus(const std::vector<WatchedLog>& logs, const TrustRoot& root,
                              const StatusOrder& order);

}  // namespace farm
