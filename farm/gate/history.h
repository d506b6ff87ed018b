// LogHistory: what the signer itself has read in a log, and whether it contradicts a release.
// Believes no carrier: an earlier record or dissent that nobody showed the signer counts as much as
// one in the question.  Pure; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/crypto/certificate.h"
#include "farm/evidence/statement.h"
#include "farm/evidence/trust_root.h"
#include "farm/gate/case.h"

namespace farm {

// A record, dissent or release in the log, its signature checked by the key in its own leaf.
// Whether that key is anybody's is judged against the root of the day.
struct LoggedStatement {
  std::uint64_t index = 0;
  Digest digest;  // PAE
  Certificate certificate;
  std::variant<Record, Dissent, Release> statement;  // a record's trace is dropped
};

// An entry that could hold a contradiction but cannot be read.
struct UnreadableEntry {
  std::string reason;
  // Set where the payload is there and only its content is unknown: then it matters only if a site
  // or signer of the root signed it.  Unset: it always matters.
  std::optional<Certificate> certificate;
};

class LogHistory {
 public:
  // Of the log with this name.
  explicit LogHistory(std::string origin) : origin_(std::move(origin)) {}

  // The next entry: its exact leaf bytes, and the payload with the leaf's digest (or why there is
  // none).  Entries come in order, each once; entry `size()` is next.
  void Add(const std::string& leaf, const Result<std::string>& pae);
  // A payload that was missing has come.
  void Resolve(std::uint64_t index, const std::string& leaf, const std::string& pae);

  const std::string& origin() const { return origin_; }
  std::uint64_t size() const { return subtrees_[0].size(); }
  // Of an entry's bytes, with RFC 9162's prefix.  CHECKs that there is one.
  const Digest& leaf_hash(std::uint64_t index) const { return subtrees_[0].at(index); }
  // The root that the first `size` entries had.  CHECKs that there are as many.
  Digest RootAt(std::uint64_t size) const;
  const std::vector<LoggedStatement>& statements() const { return statements_; }
  const std::map<std::uint64_t, UnreadableEntry>& unreadable() const { return unreadable_; }

 private:
  void Read(std::uint64_t index, const std::string& leaf, const Result<std::string>& pae);
  std::string origin_;
  // [level][i]: of the perfect subtree of 2^level entries from i * 2^level; 64 MB for a million.
  std::vector<std::vector<Digest>> subtrees_{1};
  std::vector<LoggedStatement> statements_;
  std::map<std::uint64_t, UnreadableEntry> unreadable_;
};

// All that the signer has read: the log that takes entries, and the closed ones that it goes on
// from, each to its end.  Borrows them.
struct Histories {
  const LogHistory* open = nullptr;
  std::vector<const LogHistory*> closed;

  std::vector<const LogHistory*> All() const;
};

// Every line of the question is the entry of the open log that it says, and was proved under a
// checkpoint that this log had.  Not of a closed one: nobody can prove then what came first.
// Errors: kUnavailable exit 30 (the history ends before it), kMismatch exit 15 (another log, entry
// or tree there: the log showed two histories).
Status CheckLinesAreLogged(const Histories& histories, const ParsedQuestion& question);

// For all checks below, a leaf that names a party of the root under an issuer that the root does
// not list counts as that party's: it could be from before its operator renewed his CA.  All look
// into every log.

// Nothing unreadable that could matter.  Errors: kMismatch exit 15.
Status CheckReadable(const Histories& histories, const TrustRoot& root);

// No signer of the root ever signed a dissent of this manifest.  Errors: kMismatch exit 23.
Status CheckNoDissent(const Histories& histories, const TrustRoot& root, const Digest& manifest);

// No site of the root says something else of this manifest, under any intent.  The records of the
// case must agree.  Errors: kMismatch exit 23, naming the entry.
Status CheckRecordsInLogAgree(const Histories& histories, const TrustRoot& root,
                              const ProvedCase& proved);

// Each site has one record under the case's intent in all logs.  A second one, even if it says
// the same, was made by a key that is used twice.  Errors: kMismatch exit 12, naming the entry.
Status CheckOneRecordEach(const Histories& histories, const TrustRoot& root,
                          const ProvedCase& proved);

// Releases of one product in the logs, by signers of the root.
struct LoggedRelease {
  std::string where;  // "entry 17 of log.farm.example"
  Digest digest;
  Release release;
  std::string version;
  bool issuer_known = false;
};
std::vector<LoggedRelease> ReleasesOf(const Histories& histories, const TrustRoot& root,
                                      const std::string& product);

}  // namespace farm
