// SiteJournal: at most one record for each intent, ever, and the newest epoch seen.
//   DIR/epoch.json          {"epoch","format": "farm-site-epoch/1"}
//   DIR/<intent>.signed     the record's bundle line as signed
//   DIR/<intent>.stamped    with its time stamp
//   DIR/<intent>.logged     with its log entry: what is answered, byte for byte
// <intent> is the 64 hex digits of the intent's PAE digest.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "farm/base/digest.h"
#include "farm/base/file_lock.h"
#include "farm/base/files.h"
#include "farm/base/mutex.h"
#include "farm/base/result.h"
#include "farm/evidence/bundle.h"

namespace farm {

// How far a record has come.
struct KeptRecord {
  Bundle bundle;
  std::string line;     // the stored bytes
  bool logged = false;  // may be answered
};

// Thread-safe; one program at a time holds a directory (a lock file).
class SiteJournal {
 public:
  // `files` outlives this.  Errors: kInvalidInput (a damaged file), kUnavailable exit 30.
  static Result<std::unique_ptr<SiteJournal>> Open(FileSystem& files, const std::string& directory);

  // The furthest stage of the intent's record; nothing if there is none.
  // Errors: kInvalidInput (damaged), kUnavailable.
  Result<std::optional<KeptRecord>> Find(const Digest& intent);

  // Each keeps one stage; after success it survives a crash, and only then may the next step be
  // taken.  Another record of an intent that has one is refused: kMismatch exit 23, unless it has
  // the same payload (signed again because the old leaf ended before its time stamp).
  // Errors: kUnavailable exit 30; then every later call fails ("fsync fails: stop, never retry").
  Status KeepSigned(const Digest& intent, const Bundle& record);
  Status KeepStamped(const Digest& intent, const Bundle& record);
  Status KeepLogged(const Digest& intent, const Bundle& record);

  // Errors: kUntrusted exit 25 (older than seen, or of a day to come), kUnavailable.
  Status AdmitEpoch(std::uint64_t epoch, UnixSeconds now);

  // Not success once a write has failed: the program must end.
  Status Health();

 private:
  SiteJournal(FileSystem& files, std::string directory, FileLock lock);
  Status Load();
  std::string PathOf(const Digest& intent, const char* stage) const;
  Result<std::optional<KeptRecord>> FindLocked(const Digest& intent) REQUIRES(mutex_);
  Status Keep(const Digest& intent, const char* stage, const Bundle& record);
  Status Write(const std::string& path, const std::string& bytes) REQUIRES(mutex_);

  FileSystem& files_;
  const std::string directory_;
  const FileLock lock_;
  Mutex mutex_;
  std::uint64_t epoch_ GUARDED_BY(mutex_) = 0;
  Status health_ GUARDED_BY(mutex_);
};

}  // namespace farm
