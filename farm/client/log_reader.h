// Reading a log without believing it: every entry up to a witnessed head.
// Spec: C2SP tlog-tiles, tlog-checkpoint, tlog-cosignature.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/mutex.h"
#include "farm/base/result.h"
#include "farm/client/http.h"
#include "farm/client/tiles.h"
#include "farm/crypto/key.h"
#include "farm/evidence/note.h"
#include "farm/evidence/trust_root.h"

namespace farm {

struct WitnessKey {
  std::string name;
  PublicKey key;                 // Ed25519
  std::string operator_id = {};  // witnesses of one operator count once; "": each for itself
  ValidFor valid_for = {INT64_MIN, std::nullopt};
};

// A log and who watches it, as the reader's own trust root or configuration says.
struct LogTrust {
  std::string origin;
  PublicKey key;  // Ed25519
  std::vector<WitnessKey> witnesses;
  std::size_t witnesses_needed = 0;
  std::optional<LogEnd> end = std::nullopt;  // where it was closed: no head beyond counts
  // Of the log's key: only heads that witnesses had cosigned before count.
  std::optional<UnixSeconds> compromised_since = std::nullopt;
};
// The log of `root` with this origin and all its witnesses whose keys are not revoked.  (A head is
// read now, and a stolen key can give its cosignature any time; only a line's own time stamp makes
// an older one count.)  A closed log may have lost its key: where it ended the root says.  Of one
// that is open, and whose key was revoked with a date, older heads count by its witnesses' word.
// Errors: kNotFound, kUntrusted exit 17 (the key of a log that is open is revoked for all time).
Result<LogTrust> LogTrustOf(const TrustRoot& root, std::string_view origin,
                            std::size_t witnesses_needed);

// A checkpoint with a good log signature and enough good cosignatures.
struct WitnessedHead {
  Checkpoint checkpoint;
  std::string note;  // the exact bytes served
  // The k-th smallest cosignature time; 0 if none are needed, as for the tree with which the root
  // ends the log.
  UnixSeconds witnessed_at = 0;
};
// Errors: kInvalidInput, kUntrusted exit 15 (log signature, origin, beyond the log's end) or exit
// 16 (too few witnesses of different operators, valid when they cosigned) or exit 17 (not witnessed
// before the log's key was compromised).
Result<WitnessedHead> CheckHead(std::string_view note, const LogTrust& trust);

// When enough witnesses had cosigned the head that the log at `url` serves now, but at least one: a
// clock that is behind this is wrong.  A log that serves an old head says less, never more.
// Errors: those of CheckHead; kUnavailable, kNotFound (no answer, no head).
Result<UnixSeconds> WitnessedTime(const std::string& url, LogTrust trust);

struct VerifiedEntry {
  std::uint64_t index = 0;
  std::string leaf;  // the exact entry bytes: ParseCanonicalizedBody reads them
};

// Of one call, and so in memory at once: 6 MB as entries are, 256 MB of the longest.
constexpr std::uint64_t kReadEntriesMax = 4096;

// Thread-safe.  Keeps what it has verified (32 bytes a subtree, not the entries), so that it never
// reads an entry twice and never accepts a history that does not extend the one it has seen.
class LogReader {
 public:
  static Result<std::unique_ptr<LogReader>> Open(const std::string& url, LogTrust trust);

  // The head that the log serves now, checked, and not older than what was read before
  // (kMismatch exit 15: the log went back).
  Result<WitnessedHead> Head();
  // The next entries before `head`, at most kReadEntriesMax, none where all have been given: so a
  // log of any length is read, call by call.  What is given is in the witnessed tree: the root
  // recomputed from the bytes is the head's or, where more entries follow, leads to it by a
  // consistency proof.  On an error nothing of that call is taken as read.
  // Errors: kMismatch exit 15 (entries that are not in the witnessed tree), kUnavailable exit 30
  // (an entry bundle or a hash tile is missing).
  Result<std::vector<VerifiedEntry>> ReadNew(const WitnessedHead& head);
  // The PAE bytes with this digest.  Errors: kNotFound exit 15, kMismatch exit 15 (other bytes),
  // kUnavailable.
  Result<std::string> Payload(const Digest& pae_digest);
  // The PAE bytes that the entry is of.  Errors: also kInvalidInput (it is no entry of the farm's).
  Result<std::string> PayloadOf(const std::string& leaf);
  // From `old_size` to the head's tree, from tiles, checked against both roots before it is given.
  struct OldTree {
    std::uint64_t size = 0;
    Digest root;
  };
  Result<std::vector<Digest>> Consistency(const OldTree& old_tree, const Checkpoint& head);

  const LogTrust& trust() const { return trust_; }

 private:
  LogReader(HttpClient http, LogTrust trust) : http_(std::move(http)), trust_(std::move(trust)) {}
  // The tree that `read` has made of entries is the head's, or its beginning.
  Status CheckIsIn(const Frontier& read, const Checkpoint& head);

  HttpClient http_;
  const LogTrust trust_;
  Mutex mutex_;
  Frontier verified_ GUARDED_BY(mutex_);
};

}  // namespace farm
