// The monitor's word in the published tree.
#include <algorithm>

#include "farm/base/found_file.h"
#include "farm/release/publish.h"
#include "farm/verify/verify.h"

namespace farm {
namespace {

Result<SoundStatus> ReadSound(const std::string& bytes, const std::string& where,
                              const TrustRoot& root, const Policy& policy) {
  ASSIGN_OR_RETURN(const std::vector<Bundle> lines, ParseBundleFile(bytes, where));
  if (lines.size() != 1) {
    return Error{ErrorCode::kInvalidInput, where + ": want one line"};
  }
  return VerifyStatus(lines.front(), root, policy);
}

// With a time stamp authority that helps it one monitor could date a status as far ahead as it
// likes: until then every other status would be older, and no withdrawal would reach a customer.
bool IsAhead(const SoundStatus& status, const Policy& policy, UnixSeconds now) {
  return status.time > now + policy.clock_skew_seconds;
}

// No log of the root that the one there tells of is missing in the next, or smaller there.  Of
// other logs a monitor may say what it likes; that must keep no other monitor's status away.
Status CheckGoesOn(const TrustRoot& root, const FarmStatus& there, const FarmStatus& next) {
  for (const StatusLog& before : there.logs) {
    bool found = std::none_of(root.logs.begin(), root.logs.end(),
                              [&](const Log& log) { return log.origin == before.head.origin; });
    for (const StatusLog& log : next.logs) {
      found = found || (log.head.origin == before.head.origin && log.head.size >= before.head.size);
    }
    if (found) continue;
    return Error{ErrorCode::kMismatch,
                 "the monitor's status tells of less of log " + before.head.origin +
                     " than the one that is published",
                 ExitCode::kLogProof};
  }
  return {};
}

}  // namespace

Result<bool> PublishedTree::TakeStatus(const std::string& bytes, const TrustRoot& root,
                                       const Policy& policy, UnixSeconds now) {
  ASSIGN_OR_RETURN(const SoundStatus next, ReadSound(bytes, "the monitor's status", root, policy));
  if (IsAhead(next, policy, now)) {
    return Error{ErrorCode::kUntrusted,
                 "the monitor's status: is stamped at " + FormatTime(next.time) +
                     ", this clock says " + FormatTime(now) +
                     ": look at this clock and at that of the time stamp authority",
                 ExitCode::kNotValidThen};
  }
  const std::string path = JoinPath(directory_, "status.json");
  if (FileExists(path)) {
    ASSIGN_OR_RETURN(const std::string old, ReadFoundFile(path, kBundleFileBytesMax));
    // One that does not count any more (its monitor has left the root) is in nobody's way, nor is
    // the date of one that came here before this clock was asked.
    const auto there = ReadSound(old, path, root, policy);
    if (there && !IsAhead(*there, policy, now) && next.time <= there->time) return false;
    if (there) RETURN_IF_ERROR(CheckGoesOn(root, there->statement, next.statement));
  }
  RETURN_IF_ERROR(files_.MakeDirectory(directory_));
  RETURN_IF_ERROR(files_.MakeDirectory(JoinPath(directory_, ".partial")));
  RETURN_IF_ERROR(PutFile(path, bytes));
  return true;
}

}  // namespace farm
