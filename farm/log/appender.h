// Appender: the log's front door without a wire: checks what a peer wants appended, stores its
// payload, appends its leaf, answers the line with its proof.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/base/mutex.h"
#include "farm/base/result.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/trust_root.h"
#include "farm/log/sequencer.h"
#include "farm/log/tile_log.h"

namespace farm {

// The highest epoch seen from each peer, kept in a file: a farmd that lost its place cannot come
// back (DESIGN section 10, "two farmd").  Thread-safe.
class Epochs {
 public:
  // `files` and `clock` outlive it.  Errors: kInvalidInput, kUnavailable.
  static Result<std::unique_ptr<Epochs>> Open(FileSystem& files, const std::string& path,
                                              const Clock& clock);
  // Errors: kUntrusted exit 25 (older than seen, or of a day to come), kUnavailable (not stored).
  Status Admit(const std::string& peer, std::uint64_t epoch);

 private:
  Epochs(FileSystem& files, std::string path, const Clock& clock)
      : files_(files), path_(std::move(path)), clock_(clock) {}
  FileSystem& files_;
  const std::string path_;
  const Clock& clock_;
  Mutex mutex_;
  std::map<std::string, std::uint64_t> seen_ GUARDED_BY(mutex_);
};

// Checks one bundle as the log must, whoever sent it: CheckLoggable, a time stamp whose imprint is
// the signature's, a statement that can be read, and of a release its manifest, too.  What only a
// party may say (intent, record, release, dissent, kit) needs a leaf by that party's own operator,
// as `root` has them now: signers count what is in the log under CAs that have been renewed since,
// so nobody may bring in what a CA of his own making signed.  That leaf must count at the time that
// an authority of the root has stamped (`now`, where none has): it, its CA and its operator are
// valid then, and neither its key nor its CA's is revoked for what is stamped then and witnessed
// `now`.  A withdrawal needs the key of an auditor or requester of the root, a site location that
// of a certifier, and neither is taken with a key that is revoked or not valid `now`.  Returns the
// leaf.
// Errors: kInvalidInput exit 2, kUntrusted exit 11, 17 or 18.
Result<std::string> CheckForAppend(const Bundle& bundle, const TrustRoot& root, UnixSeconds now);

// Thread-safe.  `log`, `sequencer`, `epochs` and `clock` outlive it.  `root` is asked at every
// append, so that a new root counts at once.
class Appender {
 public:
  using ReadRoot = std::function<Result<TrustRoot>()>;
  Appender(TileLog& log, Sequencer& sequencer, Epochs& epochs, ReadRoot root, const Clock& clock)
      : log_(log), sequencer_(sequencer), epochs_(epochs), root_(std::move(root)), clock_(clock) {}
  // The line with its log entry.  Errors: those of CheckForAppend, Epochs::Admit, `root`,
  // Sequencer::Append.
  Result<std::string> Append(const std::string& peer, std::uint64_t epoch,
                             std::string_view bundle_line);

 private:
  TileLog& log_;
  Sequencer& sequencer_;
  Epochs& epochs_;
  const ReadRoot root_;
  const Clock& clock_;
};

}  // namespace farm
