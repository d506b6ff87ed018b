#include "farm/witness/status_publisher.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/evidence/bundle.h"
#include "farm/sign/certified_signer.h"
#include "farm/verify/verify.h"

namespace farm {
namespace {

// What it says but for its times.
std::string ContentOf(FarmStatus status) {
  status.issued = status.next_update = 0;
  return WriteStatement(status);
}

// The key under this id, good now, by a root that has not ended.
Status CheckOwnKey(const TrustRoot& root, const std::string& id, const PublicKey& key,
                   UnixSeconds now) {
  const Person* monitor = root.FindMonitor(key);
  if (monitor == nullptr || monitor->id != id) {
    return Error{ErrorCode::kUntrusted,
                 "the trust root does not list key " + key.KeyId().substr(0, 16) +
                     ".. as monitor " + Printable(id, 120) + ": nobody would believe its status",
                 ExitCode::kRefused};
  }
  if (now > root.expires) {
    return Error{
        ErrorCode::kUntrusted,
        "the trust root ended at " + FormatTime(root.expires) + "; put the next root in its place",
        ExitCode::kNotValidThen};
  }
  if (monitor->valid_for.Contains(now)) return {};
  return Error{
      ErrorCode::kUntrusted,
      "the trust root does not vouch for monitor " + Printable(id, 120) + " at " + FormatTime(now),
      ExitCode::kNotValidThen};
}

// The one before is better than one that everybody refuses: log, time stamp authority and whoever
// is between could bring about such a one, by what a verdict looks at and the reader of a log not.
Status CheckIsBelieved(const Bundle& line, const TrustRoot& root, std::size_t cosignatures) {
  Policy policy;
  policy.witnesses = static_cast<std::int64_t>(cosignatures);
  if (auto sound = VerifyStatus(line, root, policy); !sound) {
    return Wrap("nobody would believe the new status, so the one before stays", sound.error());
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<StatusPublisher>> StatusPublisher::Open(StatusPublisherOptions options,
                                                               FileSystem& files,
                                                               const Clock& clock) {
  if (options.signer->key().kind() != KeyKind::kP256) {
    return Error{ErrorCode::kInvalidInput, "monitor " + options.id + ": want a P-256 key"};
  }
  const std::string path = options.file;
  const std::string id = options.id;
  std::unique_ptr<StatusPublisher> publisher(new StatusPublisher(std::move(options), files, clock));
  if (!FileExists(path)) return publisher;
  ASSIGN_OR_RETURN(std::string bytes, ReadFile(path, kBundleLineBytesMax + 1));
  ASSIGN_OR_RETURN(const std::vector<Bundle> lines, ParseBundleFile(bytes, path));
  ASSIGN_OR_RETURN(FarmStatus last,
                   ParseStatementAs<FarmStatus>(lines.front().envelope.payload, path));
  if (last.monitor != id) {
    return Error{ErrorCode::kInvalidInput,
                 path + ": is by monitor " + Printable(last.monitor, 120) + ", not by " + id};
  }
  MutexLock lock(publisher->mutex_);
  publisher->last_ = std::move(last);
  publisher->bytes_ = std::move(bytes);
  return publisher;
}

// From a head that the root disowns nothing goes back.
Status StatusPublisher::CheckNotBack(const FarmStatus& next, const TrustRoot& root) const {
  if (!last_) return {};
  for (const StatusLog& before : last_->logs) {
    const auto now = std::find_if(next.logs.begin(), next.logs.end(), [&](const StatusLog& log) {
      return log.head.origin == before.head.origin;
    });
    if (now == next.logs.end() || now->head.size > before.head.size) continue;
    if (IsDisowned(root, before.head)) continue;
    if (now->head.size == before.head.size && now->head.root == before.head.root) continue;
    return Error{ErrorCode::kMismatch,
                 "log " + before.head.origin + " serves a tree of " +
                     std::to_string(now->head.size) +
                     " entries that is not the one, or not after the one, of " +
                     std::to_string(before.head.size) +
                     " in the status before: it went back or forked; no new status",
                 ExitCode::kLogProof};
  }
  return {};
}

bool StatusPublisher::IsDue(const FarmStatus& next) const {
  if (!last_ || ContentOf(*last_) != ContentOf(next)) return true;
  return next.issued >= last_->issued + options_.period_seconds / 2;
}

Result<bool> StatusPublisher::Publish(const std::vector<WatchedLog>& logs) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(const TrustRoot root, options_.root());
  const UnixSeconds now = clock_.Now();
  RETURN_IF_ERROR(CheckOwnKey(root, options_.id, options_.signer->key(), now));
  ASSIGN_OR_RETURN(
      FarmStatus next,
      MakeStatus(logs, root, {options_.id, now, options_.period_seconds, options_.cosignatures}));
  RETURN_IF_ERROR(CheckNotBack(next, root));
  if (!IsDue(next)) return false;
  ASSIGN_OR_RETURN(Bundle line, SignStatement(Statement(next), *options_.signer));
  ASSIGN_OR_RETURN(line.timestamp, options_.stamp(line.envelope.signature));
  RETURN_IF_ERROR(CheckIsBelieved(line, root, options_.cosignatures));
  std::string bytes = WriteBundleLine(line) + "\n";
  RETURN_IF_ERROR(WriteDurably(files_, options_.file, bytes));
  last_ = std::move(next);
  bytes_ = std::move(bytes);
  return true;
}

std::string StatusPublisher::bytes() const {
  MutexLock lock(mutex_);
  return bytes_;
}

}  // namespace farm
