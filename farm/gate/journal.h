// Journal: what the signer has signed and seen, kept so that no crash, no lost reply and no second
// farmd makes it sign two different things.
//   DIR/seen.json                 newest trust root and epoch seen, the head of each log
//   DIR/answers/000000000001.json one signed answer each: {"format","line","number"}
// Answers are never changed or removed.  Formats: farm-journal/1, farm-journal-seen/1.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/epoch.h"
#include "farm/base/file_lock.h"
#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/note.h"
#include "farm/evidence/trust_root.h"
#include "farm/gate/decision.h"
#include "farm/gate/history.h"

namespace farm {

constexpr std::size_t kJournalAnswersMax = 1'000'000;  // read at start: some GB, then a database

// Not thread-safe; one program at a time holds a directory (a lock file).
class Journal {
 public:
  // Reads everything; `files` outlives this.
  // Errors: kInvalidInput (an answer that does not read, or a gap in the numbers: the journal was
  // damaged), kUnavailable exit 30 (I/O, or another program holds it).
  static Result<std::unique_ptr<Journal>> Open(FileSystem& files, const std::string& directory);

  // The answers given, oldest first.
  const std::vector<GivenAnswer>& given() const { return given_; }
  // The answer with this number.  CHECKs that there is one.
  const GivenAnswer& Get(std::int64_t number) const;

  // Remembers `root` as seen, and the keys that decide which comes next: a newer one is signed by
  // them too (CheckSuccessor).  The first root is taken as it is.
  // Errors: kUntrusted exit 24 (older than seen, or another file of the same version), 11 (not
  // signed by the keys of the root seen before); kUnavailable.
  Status AdmitRoot(const TrustRoot& root);
  // Not older than the newest seen, and not of a day to come.  Remembers nothing.
  // Errors: kUntrusted exit 25.
  Status CheckEpoch(std::uint64_t epoch, UnixSeconds now) const;
  // The same, and remembers it as seen: for one who has asked something sound.
  // Errors: those of CheckEpoch, kUnavailable.
  Status AdmitEpoch(std::uint64_t epoch, UnixSeconds now);

  // Remembers the newest head of each log that was read and checked.  A log goes on from there or
  // is refused, also by a signer that was started anew; a closed one has all that was seen of it.
  // The open log may be another one than before if that goes on from all logs seen. Errors:
  // kMismatch exit 15 (a history is older, or not a continuation, or a log that was seen is not
  // among them: what it says would be forgotten), kUnavailable.
  Status AdmitHistory(const Histories& histories);

  // Keeps a signed release or dissent; after success it survives a crash, and only then may it
  // leave the program.  Errors: kUnavailable exit 30.
  // After an error of this or the calls above nothing is known of the disk: every later call fails
  // ("fsync fails: stop, never retry"), and a new Journal finds what is there.
  Result<const GivenAnswer*> Append(const Bundle& line);

  // Set once a write has failed.
  const Status& health() const { return health_; }

 private:
  struct Seen {
    std::int64_t root_version = 0;
    Digest root_digest;
    std::optional<RootKeys> root_keys;  // absent: written before they were kept
    std::uint64_t epoch = 0;
    std::map<std::string, Checkpoint> heads;  // by origin
  };
  Journal(FileSystem& files, std::string directory, FileLock lock);
  Status Load();
  Status LoadSeen();
  Status WriteSeen(const Seen& seen);
  Status Write(const std::string& path, const std::string& bytes);

  FileSystem& files_;
  const std::string directory_;
  const FileLock lock_;
  Seen seen_;
  std::vector<GivenAnswer> given_;
  Status health_;
};

}  // namespace farm
