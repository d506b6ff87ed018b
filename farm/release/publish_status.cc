// The monitor's word in the published tree.
#include <algorithm>

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
                                       const Policy& policy) {
  ASSIGN_OR_RETURN(const SoundStatus next, ReadSound(bytes, "the monitor's status", root, policy));
  const std::string path = JoinPath(directory_, "status.json");
  if (FileExists(path)) {
    ASSIGN_OR_RETURN(const std::string old, ReadFile(path, kBundleFileBytesMax));
    // One that does not count any more (its monitor has left the root) is in nobody's way.
    const auto there = ReadSound(old, path, root, policy);
    if (there && next.time <= there->time) return false;
    if (there) RETURN_IF_ERROR(CheckGoesOn(root, there->statement, next.statement));
  }
  RETURN_IF_ERROR(files_.MakeDirectory(directory_));
  RETURN_IF_ERROR(files_.MakeDirectory(JoinPath(directory_, ".partial")));
  RETURN_IF_ERROR(PutFile(path, bytes));
  return true;
}

}  // namespace farm
