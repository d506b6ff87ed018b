// Makes whole releases with keys of its own: a trust root, the lines of a bundle file and the
// artifacts, signed, time-stamped, logged in a real Merkle tree and cosigned.  What a test bends,
// it bends through the draft of a line before that is signed, or in the finished values.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "farm/evidence/bundle.h"
#include "farm/evidence/statement.h"
#include "farm/evidence/trust_root.h"
#include "farm/verify/policy.h"
#include "farm/verify/verify.h"
#include "tests/support/foreign_timestamps.h"

namespace farm {

struct EvidenceOptions {
  UnixSeconds start = 1'800'000'000;  // 2027-01-15: no fixture is judged by today's date
  bool development = true;
  int sites = 3;  // site i belongs to operator i, with its own CA, in country XA, XB, XC, ...
  int auditors = 2;
  int witnesses = 2;
  int monitors = 0;                   // of the root: "monitor-0", ...
  int certifiers = 0;                 // of the root: "certifier-0", ...
  int replayers = 0;                  // of the policy, which asks for none: "replayer-0", ...
  bool foreign_timestamps = false;    // by an authority with keys of kinds that the farm has not
  std::uint64_t earlier_entries = 5;  // in the log before our own, so that trees are not trivial
  // Keys and certificates count from a year before `start` for so many years; two makers of
  // different times have logs, witnesses and stamps of different names.
  std::int64_t years = 20;
  std::string log = "log.farm.example";
  std::string witness_prefix = "witness.example/w";
  std::string stamps = "stamps";
  std::string product = "hello";
  std::string version = "1.0";
  // Names and bytes; also what the manifest declares.
  std::vector<std::pair<std::string, std::string>> artifacts = {{"hello.tar", "the program\n"},
                                                                {"hello.txt", "the manual\n"}};
  // What the manifest demands on top of a policy.
  std::int64_t requires_sites = 0;
  std::int64_t requires_auditors = 0;
  std::vector<std::string> requires_countries_any = {};
  // Approvals of earlier manifests, named by the release as well; each is signed by its auditor.
  std::vector<Approval> earlier_approvals = {};
  // A canonical manifest of the caller's own, instead of TestManifest; it must declare product,
  // version and artifacts as they stand above.
  std::string manifest = {};
};

// A line before it is signed.  The maker fills it; a test may change anything.
struct LineDraft {
  Statement statement;
  std::string payload;    // signed instead of the statement's own bytes, if not empty
  std::string party;      // id of who signs: "site-0", "signer", "coordinator", "auditor-0", ...
  std::string authority;  // id of the operator whose CA issues the leaf; "" for persons
  std::string uri;        // the leaf's name; "" for persons
  UnixSeconds leaf_start = 0;
  UnixSeconds token = 0;                    // T
  UnixSeconds witnessed = 0;                // U: what every witness says
  std::map<int, UnixSeconds> witnessed_by;  // exceptions: witness number -> its time
  std::vector<int> witnesses;               // which of them cosign
  bool stamped = true;
  bool logged = true;
};
using DraftHook = std::function<void(LineDraft&)>;

struct MadeRelease {
  std::vector<Bundle> lines;  // release, request, intent, records, approvals
  std::vector<std::pair<std::string, std::string>> artifacts;
  std::string FileText() const;  // the .sigstore.jsonl
};

// Where the lines of a made release stand.
constexpr std::size_t kReleaseLine = 0;
constexpr std::size_t kRequestLine = 1;
constexpr std::size_t kIntentLine = 2;
constexpr std::size_t kFirstRecordLine = 3;

// Not thread-safe.  Two makers share nothing.
class EvidenceMaker {
 public:
  EvidenceMaker();
  explicit EvidenceMaker(const EvidenceOptions& options);

  // A whole release.  `hook` sees each draft just before it is signed, links to earlier lines in
  // place.  May be called again: the log grows.
  MadeRelease Make();
  MadeRelease Make(const DraftHook& hook);

  // The next releases of the same farm are of this version, of these artifacts.
  void Turn(const std::string& version,
            const std::vector<std::pair<std::string, std::string>>& artifacts);

  // What Judge takes for the first artifact of `made`, one hour after the release.
  VerdictInput Input(const MadeRelease& made) const;

  // Steps, for tests that build their own way.
  LineDraft Draft(const Statement& statement, const std::string& party, UnixSeconds token) const;
  Bundle Sign(const LineDraft& draft) const;         // envelope and key only
  void Stamp(Bundle& line, UnixSeconds time) const;  // adds the token
  void Enter(Bundle& line, const LineDraft& draft);  // appends to the log, adds the proof
  // The same with a leaf of the caller's own.
  void EnterAs(const std::string& leaf, Bundle& line, const LineDraft& draft);
  Bundle MakeLine(const LineDraft& draft);  // all of it
  // Forgets the entries from `size` on: the beginning of a fork.
  void Rewind(std::uint64_t size);
  // The next root: the log has ended so, and its successor goes on, with keys of its own and no
  // entries.
  void GoOnAfter(const LogEnd& end);
  // The next root: from `at` on this operator's leaves are of another CA and this auditor has
  // another key, under the names as before.  What the old ones sign later counts for nothing.
  struct Renewal {
    int operator_number = 0;
    int auditor = 0;
    UnixSeconds at = 0;
  };
  void Renew(const Renewal& renewal);
  // Adds to lines[0] the consistency proofs from every other line's checkpoint.
  void AddConsistency(std::vector<Bundle>& lines) const;

  // A status by monitor-0 of the log as it stands, which says that nothing is wrong.
  FarmStatus Status(UnixSeconds issued) const;
  // Signed by whom it names and stamped when it says; in no log.
  Bundle StatusLine(const FarmStatus& status) const;
  // That site i stands where the root says, by certifier-0, for a year from a day before `start`.
  SiteLocation Location(int site) const;

  const EvidenceOptions& options() const { return options_; }
  const TrustRoot& root() const { return root_; }
  std::string RootBytes() const;  // signed with the root key
  Policy policy() const;          // as many sites, operators, auditors, witnesses as there are
  const std::string& manifest() const { return manifest_; }
  static std::string SiteId(int site);                    // builder id
  const PrivateKey& Key(const std::string& party) const;  // also "root", "log", "log-ecdsa",
                                                          // "witness-0", "tsa", "ca-operator-0",
                                                          // "monitor-0", "certifier-0",
                                                          // "replayer-0"
  std::string Log() const { return options_.log; }
  Checkpoint Head() const;
  // What stands in the log: a leaf, and the payload that it names; "" of the entries before our
  // own.
  struct LogLine {
    std::string leaf;
    std::string pae;
  };
  LogLine EntryAt(std::uint64_t index) const;
  Digest TreeRoot(std::uint64_t size) const;
  std::vector<Digest> InclusionProof(std::uint64_t index, std::uint64_t size) const;
  std::vector<Digest> ConsistencyProof(std::uint64_t old_size, std::uint64_t new_size) const;
  // A signed and cosigned checkpoint note of the first `size` entries.
  std::string CheckpointNote(std::uint64_t size, const LineDraft& draft) const;

 private:
  void MakeKeys();
  void MakeRoot();
  Digest SubtreeRoot(std::uint64_t begin, std::uint64_t end) const;

  EvidenceOptions options_;
  std::map<std::string, PrivateKey> keys_;
  std::map<std::string, Certificate> authorities_;  // operator id -> CA
  std::map<std::string, Certificate> tsa_;          // "leaf", "root"
  std::optional<ForeignTimestampAuthority> foreign_tsa_;
  TrustRoot root_;
  std::string manifest_;
  std::vector<Digest> leaves_;
  std::map<std::uint64_t, LogLine> entered_;  // by index; the others are those before our own
  // Roots of complete subtrees, begin and end: a log of a million entries hashes each once.
  mutable std::map<std::pair<std::uint64_t, std::uint64_t>, Digest> subtree_roots_;
};

// A canonical manifest for tests, with the fields that a verifier reads.
std::string TestManifest(const EvidenceOptions& options);

}  // namespace farm
