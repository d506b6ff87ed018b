// The logs that another one goes on from.  The trust root says where each of them ended; it is read
// from a mirror, of which nothing is believed but what makes the root's tree.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/client/config.h"
#include "farm/client/log_source.h"
#include "farm/evidence/trust_root.h"

namespace farm {

constexpr std::size_t kLogsBeforeMax = 64;  // one a year for a lifetime

// Where the copy of a closed log is: a directory of `farm log mirror`, or a URL that serves one.
struct ClosedLogMirror {
  std::string origin;
  std::string mirror;
};
// A list of {"origin", "mirror"} in a configuration; a directory is relative to the file's.
// Errors: kInvalidInput naming the field.
Result<std::vector<ClosedLogMirror>> ParseClosedLogMirrors(const Json& list,
                                                           const std::string& where,
                                                           const ConfigFile& file);

// The logs of `root` that log `origin` goes on from, directly or by way of others, in the order of
// the root.  One that was closed without an entry has nothing to be read and is left out.
std::vector<const Log*> LogsBefore(const TrustRoot& root, const std::string& origin);

struct ClosedLog {
  const Log* log = nullptr;  // of the root
  ReadResource read;         // its mirror
};
// The same with their mirrors.  Errors: kInvalidInput exit 15 (one has no mirror in the list),
// kNotFound (that is none), kLimitExceeded.
Result<std::vector<ClosedLog>> OpenLogsBefore(const TrustRoot& root, const std::string& origin,
                                              const std::vector<ClosedLogMirror>& mirrors);

// Gives every leaf of a closed log to `take`, oldest first, as far as the root says that it went.
// They count only where this succeeds: then they make the root's tree.  No signature is asked for,
// neither the log's nor a witness's: the keys may have ended, and the root's makers have signed
// more. Errors: kMismatch exit 15 (another tree, an entry missing), kUnavailable, those of `take`.
using TakeLeaf = std::function<Status(std::uint64_t index, const std::string& leaf)>;
Status ReadClosedLog(const ClosedLog& closed, const TakeLeaf& take);

}  // namespace farm
