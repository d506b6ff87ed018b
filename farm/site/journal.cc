#include "farm/site/journal.h"

#include <utility>

#include "farm/base/epoch.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::string_view kEpochFormat = "farm-site-epoch/1";
constexpr const char* kSigned = "signed";
constexpr const char* kStamped = "stamped";
constexpr const char* kLogged = "logged";

}  // namespace

SiteJournal::SiteJournal(FileSystem& files, std::string directory, FileLock lock)
    : files_(files), directory_(std::move(directory)), lock_(std::move(lock)) {}

Result<std::unique_ptr<SiteJournal>> SiteJournal::Open(FileSystem& files,
                                                       const std::string& directory) {
  RETURN_IF_ERROR(files.MakeDirectory(directory));
  ASSIGN_OR_RETURN(FileLock lock,
                   FileLock::Take(JoinPath(directory, "lock"),
                                  "another farm-site holds this store; stop that one first"));
  std::unique_ptr<SiteJournal> journal(new SiteJournal(files, directory, std::move(lock)));
  RETURN_IF_ERROR(journal->Load());
  return journal;
}

Status SiteJournal::Load() {
  MutexLock lock(mutex_);
  // A name that is visible but was not synced could still vanish: it counts from here on.
  RETURN_IF_ERROR(files_.SyncDirectory(directory_));
  RETURN_IF_ERROR(files_.SyncDirectory(DirectoryName(directory_)));
  RETURN_IF_ERROR(RemoveUnfinished(files_, directory_));
  const std::string path = JoinPath(directory_, "epoch.json");
  if (!FileExists(path)) return {};
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, 4096));
  ASSIGN_OR_RETURN(const Json json, ParseJson(bytes, path));
  JsonFields fields(json, path);
  fields.Format(kEpochFormat);
  epoch_ = static_cast<std::uint64_t>(fields.Integer("epoch", 0, kJsonIntegerMax));
  return fields.Finish();
}

std::string SiteJournal::PathOf(const Digest& intent, const char* stage) const {
  return JoinPath(directory_, intent.Hex() + "." + stage);
}

Result<std::optional<KeptRecord>> SiteJournal::Find(const Digest& intent) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(health_);
  return FindLocked(intent);
}

Result<std::optional<KeptRecord>> SiteJournal::FindLocked(const Digest& intent) {
  for (const char* stage : {kLogged, kStamped, kSigned}) {
    const std::string path = PathOf(intent, stage);
    if (!FileExists(path)) continue;
    ASSIGN_OR_RETURN(std::string line, ReadFile(path, kBundleLineBytesMax));
    ASSIGN_OR_RETURN(Bundle bundle, ParseBundleLine(line, path));
    return std::optional<KeptRecord>({std::move(bundle), std::move(line), stage == kLogged});
  }
  return std::optional<KeptRecord>();
}

Status SiteJournal::Keep(const Digest& intent, const char* stage, const Bundle& record) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(health_);
  ASSIGN_OR_RETURN(const auto kept, FindLocked(intent));
  if (kept && kept->bundle.PaeDigest() != record.PaeDigest()) {
    return Error{ErrorCode::kMismatch,
                 "this site has a record under intent " + intent.Short() +
                     " already, and this is another one",
                 ExitCode::kDissent};
  }
  return Write(PathOf(intent, stage), WriteBundleLine(record));
}

Status SiteJournal::KeepSigned(const Digest& intent, const Bundle& record) {
  return Keep(intent, kSigned, record);
}

Status SiteJournal::KeepStamped(const Digest& intent, const Bundle& record) {
  return Keep(intent, kStamped, record);
}

Status SiteJournal::KeepLogged(const Digest& intent, const Bundle& record) {
  return Keep(intent, kLogged, record);
}

Status SiteJournal::Write(const std::string& path, const std::string& bytes) {
  RETURN_IF_ERROR(health_);
  if (Status written = WriteDurably(files_, path, bytes); !written) {
    health_ = Error{ErrorCode::kUnavailable,
                    "records cannot be written, farm-site must stop: " + written.error().message};
  }
  return health_;
}

Status SiteJournal::AdmitEpoch(std::uint64_t epoch, UnixSeconds now) {
  RETURN_IF_ERROR(CheckEpochHasCome(epoch, now));
  MutexLock lock(mutex_);
  if (epoch < epoch_) {
    return Error{ErrorCode::kUntrusted,
                 "epoch " + std::to_string(epoch) + " is older than " + std::to_string(epoch_) +
                     ": another farmd has taken over",
                 ExitCode::kRefused};
  }
  if (epoch == epoch_) return health_;
  RETURN_IF_ERROR(Write(
      JoinPath(directory_, "epoch.json"),
      WriteReadableJson({{"format", kEpochFormat}, {"epoch", static_cast<std::int64_t>(epoch)}})));
  epoch_ = epoch;
  return {};
}

Status SiteJournal::Health() {
  MutexLock lock(mutex_);
  return health_;
}

}  // namespace farm
