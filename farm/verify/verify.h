// The checks of signed things against a trust root, and the offline verdict on a file.
// This is what a customer audits: no sockets, no clock of its own, no files.
//
// Each Verify... function takes one bundle line and either makes a value that exists only if every
// rule held, or says which rule failed.  Rules of time are those of DESIGN section 3:
//   T  the token's time; U the k-th smallest cosignature time in the line's own checkpoint
//   request, intent, approval: T <= U; an approval's T <= the intent's U
//   record, release: L <= T <= U, L = the intent's U
// and every T <= the root's end,
// with Policy.clock_skew_seconds of tolerance on both sides.  Lines of one log also stand there in
// the order approvals, intent, records, and request and all of these before the release, without
// tolerance: a log numbers its entries as they come, while U is the word of witnesses about a
// checkpoint that the carrier may fetch as late as he likes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/exit_code.h"
#include "farm/base/result.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/manifest_view.h"
#include "farm/evidence/statement.h"
#include "farm/evidence/trust_root.h"
#include "farm/verify/policy.h"

namespace farm {

// When a line was signed, as others attest it.
struct AttestedTimes {
  UnixSeconds token = 0;      // T
  UnixSeconds witnessed = 0;  // U
};

// The evidence every line shares: signature, key or certificate known to the root and valid at T,
// token, log entry with inclusion proof under a checkpoint of a known log, k cosignatures, order.
// `role` "site", "signer", "coordinator", "auditor", "requester", "monitor", "certifier".
struct LineIdentity {
  std::string id;           // builder id, auditor id, ...
  std::string operator_id;  // "" for persons
  std::string country;      // sites only
  std::string key_id;       // hex SHA-256 of the signing key's SPKI
};

namespace verify_internal {
struct Maker;
}

// Values that only this folder can make.  Each holds what was proved about one line.
template <typename T>
class Verified {
 public:
  const T& statement() const { return statement_; }
  const Bundle& bundle() const { return bundle_; }
  const LineIdentity& identity() const { return identity_; }
  const AttestedTimes& times() const { return times_; }
  Digest digest() const { return bundle_.PaeDigest(); }

 private:
  friend struct verify_internal::Maker;
  Verified(T statement, Bundle bundle, LineIdentity identity, AttestedTimes times)
      : statement_(std::move(statement)),
        bundle_(std::move(bundle)),
        identity_(std::move(identity)),
        times_(times) {}
  T statement_;
  Bundle bundle_;
  LineIdentity identity_;
  AttestedTimes times_;
};
using VerifiedRequest = Verified<Request>;
using VerifiedApproval = Verified<Approval>;
using VerifiedIntent = Verified<Intent>;
using VerifiedRecord = Verified<Record>;
using VerifiedRelease = Verified<Release>;

// Errors of all six: kUntrusted or kMismatch with the exit code of DESIGN section 7 (11 signature
// or unknown key, 14 approval, 15 log, 16 witnesses, 17 revoked, 18 not valid at that time), the
// message naming the line, what was expected and what was found.
Result<VerifiedRequest> VerifyRequest(const Bundle& line, const TrustRoot& root,
                                      const Policy& policy);
// The intent must name this request and its manifest, product and version.
Result<VerifiedIntent> VerifyIntent(const Bundle& line, const VerifiedRequest& request,
                                    const TrustRoot& root, const Policy& policy);
// The approval must be for the request's manifest and exactly its sources, by an auditor who is
// neither the requester nor an operator, no later than the intent by time and by log index.
Result<VerifiedApproval> VerifyApproval(const Bundle& line, const ManifestView& manifest,
                                        const VerifiedRequest& request,
                                        const VerifiedIntent& intent, const TrustRoot& root,
                                        const Policy& policy);
// For a site that has no intent yet to compare with (`farm audit`, admission): all but the order.
Result<VerifiedApproval> VerifyApprovalAlone(const Bundle& line, const ManifestView& manifest,
                                             const VerifiedRequest& request, const TrustRoot& root,
                                             const Policy& policy);
// An approval of an earlier manifest of the same product, for approvals by diff to lead back to:
// all of VerifyApproval but manifest, version and sources, which nobody here can compare.
// intent: null where there is none yet; then all but the order.
Result<VerifiedApproval> VerifyBaseApproval(const Bundle& line, const ManifestView& manifest,
                                            const VerifiedRequest& request,
                                            const VerifiedIntent* intent, const TrustRoot& root,
                                            const Policy& policy);
// Each of `lines`, of this manifest or an earlier one; the same one twice counts once.  What they
// come to together is for CheckApprovals to say.  Errors: kLimitExceeded (more than kPartiesMax),
// else those of one line, which is named by its number.
Result<std::vector<VerifiedApproval>> VerifyApprovals(const std::vector<Bundle>& lines,
                                                      const ManifestView& manifest,
                                                      const VerifiedRequest& request,
                                                      const VerifiedIntent& intent,
                                                      const TrustRoot& root, const Policy& policy);
// The record must be of this intent and manifest, by a site that the intent names, signed with a
// leaf of that site's own operator.
Result<VerifiedRecord> VerifyRecord(const Bundle& line, const VerifiedIntent& intent,
                                    const TrustRoot& root, const Policy& policy);
// That the signer has signed and logged such a release, by the least that any policy asks for,
// whatever was revoked since, and nothing of the lines that it names: enough to speak of that
// release (to withdraw it, for those with whom it counts), never to use it.
Result<VerifiedRelease> VerifyReleaseAlone(const Bundle& line, const TrustRoot& root);

// A status as a verdict under this root and policy would take it: by a monitor, its logs known and
// witnessed.  How old it may be, and which release it is for, is not asked here.
// Errors: kInvalidInput (no status); as of the six above.
struct SoundStatus {
  FarmStatus statement;
  UnixSeconds time = 0;  // of its stamp
};
Result<SoundStatus> VerifyStatus(const Bundle& line, const TrustRoot& root, const Policy& policy);

// The request must be for this manifest, its product and version.  Error: kMismatch exit 14.
Status CheckRequestIsFor(const VerifiedRequest& request, const ManifestView& manifest);

// As many distinct persons (by id and key) as the policy demands have approved `manifest`.  One who
// approved by diff counts where the policy lets it and the base is approved by as many persons in
// the same way.  Every approval by diff leads back to an approval of a tree in at most
// kDiffLinksMax steps, and every other approval is of `manifest` or on such a way.
// Error: exit 14.
constexpr int kDiffLinksMax = 16;  // then somebody has to read the whole tree again
Status CheckApprovals(const std::vector<VerifiedApproval>& approvals, const Digest& manifest,
                      const Policy& policy);
// Whether this one approval counts for its manifest, by way of `bases` if it is by diff: all of
// them and nothing else must lie on that way.  Error: exit 14.
Status CheckApprovalCounts(const VerifiedApproval& approval,
                           const std::vector<VerifiedApproval>& bases, const Policy& policy);

// Sites, operators, countries, distinct ids and keys.  Errors: exit 12, 13.
Status CheckSiteQuorum(const std::vector<VerifiedRecord>& records, const Policy& policy);

// True if the two say the same of the same build: manifest, plan, lock, root tar, image, result,
// outputs.  (Intent and evidence are not compared here.)
bool SameOutcome(const Record& a, const Record& b);

// Intent, manifest, plan, image, result `succeeded` and outputs equal among all.  Error: exit 23.
Status CheckAgreement(const std::vector<VerifiedRecord>& records);

// A release that is about to be signed.
struct ReleaseToSign {
  Release statement;
  Certificate leaf;           // that will sign it
  std::vector<Bundle> lines;  // every line that the statement names
  UnixSeconds now = 0;
};
// All that Judge demands of a release and that can be known before it is signed, stamped and
// logged: a signer that asks this first never signs what every verifier refuses.
// Errors: of the worst rule, with the exit code that Judge would give.
Status CheckBeforeSigning(const ReleaseToSign& release, const TrustRoot& root,
                          const Policy& policy);

// Before the answer of a time stamp authority or of a log is kept for ever: whether it will count
// with everybody who has this root.  One bad answer that is kept would end what it is about, for a
// line is stamped and logged once; one that is not kept is asked for again.
// Errors: kUnavailable with the exit code of the rule that it would break.
struct TokenBounds {
  UnixSeconds asked = 0;           // when the token was asked for, by the caller's clock
  UnixSeconds now = 0;             // when it came
  const Bundle* intent = nullptr;  // of a record or release: no token may be older
};
// A known authority's token over the line, of a time between `asked` and `now`.
Status CheckNewToken(const Bundle& line, const TokenBounds& bounds, const TrustRoot& root,
                     const Policy& policy);
// The entry of a stamped line: under a known log's checkpoint, with the policy's witnesses, not
// before the token and not after `now`.
Status CheckNewEntry(const Bundle& line, UnixSeconds now, const TrustRoot& root,
                     const Policy& policy);

// T of a line, for whoever judges its proof alone: of a token by an authority of the root that was
// valid then and of which no key is revoked for a signature that was `witnessed` at that time.
// Errors: as of the six above, exit 11, 17, 18.
Result<UnixSeconds> VerifyToken(const Bundle& line, UnixSeconds witnessed, const TrustRoot& root);
// True if the key was revoked and a signature attested at `token` and `witnessed` does not count.
// Both times must be before compromised_since: each is attested by others than the other.
bool IsRevoked(const TrustRoot& root, const std::string& key_id, std::optional<UnixSeconds> token,
               std::optional<UnixSeconds> witnessed);

// What a rule has looked at, for whoever wants to look there himself.
struct LookedAt {
  std::string file;  // "bundle", "root", "policy", "status", "certifications", "replays"
  std::optional<Digest> digest;  // of the PAE of a line; of a file's bytes: root, policy
  std::size_t line = 0;          // of the bundle, from 1; else 0
  friend bool operator==(const LookedAt&, const LookedAt&) = default;
};

// One rule of the verdict, as the customer reads it.
struct RuleOutcome {
  std::string rule;  // "signature", "sites", "approvals", ... stable names
  bool held = false;
  bool warning = false;  // did not fail, but worth reading ("root expires in 3 days")
  std::string expected;
  std::string found;
  std::string remedy;  // empty if held
  ExitCode exit = ExitCode::kProved;
  // All that the rule looks at.  Where it does not hold, and that is by lines alone that are wrong
  // by themselves: these.
  std::vector<LookedAt> evidence = {};
};

// Key id -> since when it is compromised; absent: from the beginning.
using RevokedSince = std::map<std::string, std::optional<UnixSeconds>>;

// The newest that a monitor's status has said of a log.
struct SeenLog {
  std::uint64_t size = 0;
  Digest root_hash;
  UnixSeconds time = 0;  // of the status' time stamp
  friend bool operator==(const SeenLog&, const SeenLog&) = default;
};

// What one status has said that none before it of that monitor had.  A later one that leaves it
// out, perhaps another monitor's, takes nothing back; only a root that does not believe the monitor
// of that time (any more) does.
struct SaidByStatus {
  std::string monitor_key;          // hex SHA-256 of SPKI
  UnixSeconds time = 0;             // of the status' time stamp
  std::set<Digest> withdrawn = {};  // releases, by PAE digest
  std::set<Digest> dissents = {};   // manifests whose sites did not agree
  RevokedSince revoked_keys = {};
  std::int64_t root_version = 1;  // of the root that the monitor had, which revoked them
  friend bool operator==(const SaidByStatus&, const SaidByStatus&) = default;
};

// Withdrawn releases, dissents and revoked keys.
std::size_t CountWords(const SaidByStatus& said);

// As many words of one monitor are remembered as fill several statuses; three monitors that say so
// much, or in so many statuses, leave the others room.
constexpr std::size_t kSaidByMonitorMax = 4 * kStatusListMax;
constexpr std::size_t kStatusesByMonitorMax = 2 * kStatusListMax;  // that had news
constexpr std::size_t kSaidMax = 4 * kSaidByMonitorMax;
constexpr std::size_t kStatusesMax = 4 * kStatusesByMonitorMax;
constexpr std::size_t kLostMax = 1024;  // monitors' keys; as many as a root may list

// Of which of a monitor key's statuses words were lost, for there was no room: while the root
// believes that key of either time, a status is asked for that is by another key, no older than the
// last, and of today as far as can be told.
struct LostWords {
  UnixSeconds first = 0;
  UnixSeconds last = 0;
  friend bool operator==(const LostWords&, const LostWords&) = default;
};

// All that is remembered of statuses (--state), of one farm.
struct SeenStatuses {
  std::map<std::string, SeenLog> logs = {};    // by origin
  std::vector<SaidByStatus> said = {};         // in the order in which it was seen
  std::map<std::string, LostWords> lost = {};  // by monitor key
  friend bool operator==(const SeenStatuses&, const SeenStatuses&) = default;
};

// A line that says what a replayer got, and where it was read, for messages.
struct ReplayLine {
  std::string where;
  Bundle line;
};

// What a root says, whoever has signed it and however its file is written: the SHA-256 of its
// signed part in canonical form.
Digest SignedDigest(const TrustRoot& root);

struct VerdictInput {
  std::string file_name;  // as the customer has it; must be the artifact's name unless `renamed`
  Digest file_digest;
  std::uint64_t file_size = 0;
  std::vector<Bundle> lines;  // the parsed bundle file
  TrustRoot root;
  Policy policy;
  UnixSeconds at = 0;  // "now" for warnings and validity of the root
  // What the customer wants, lest a mirror give another release that is as good; nothing is
  // compared where absent.
  std::optional<std::string> product;
  std::optional<std::string> version;
  bool renamed = false;  // the file was given another name on purpose
  bool allow_development_root = false;
  // Remembered from earlier verdicts (--state); nothing is compared where absent.
  std::optional<std::int64_t> newest_root_version;
  std::optional<std::int64_t> newest_sequence;  // of this product
  // PAE digest of the release that had it.  Another one with the same sequence is refused (24),
  // even with allow_older: it is no older one, and a signer never gives two releases one number.
  std::optional<Digest> newest_release = {};
  // SignedDigest of the root that had newest_root_version.  Another one of the same version is
  // refused (24), even with allow_older.
  std::optional<Digest> newest_root = {};
  bool allow_older = false;
  // The customer's configuration or an earlier proof names this very root.  Under any other that
  // proves nothing, nothing that a status says is remembered: anybody can make a root with a
  // monitor of his own, or with times of his own for another's.
  bool root_is_known = false;
  // What is not in the bundle, because it comes after it: a monitor's status, and certifiers'
  // statements on where sites stand.  Asked for by the policy; a status that is there is heeded in
  // any case.
  std::optional<Bundle> status = {};
  std::vector<Bundle> certifications = {};
  SeenStatuses seen = {};  // remembered from the statuses before it
  // Replay verdicts at hand, of this release or others, by anybody: which of them count says the
  // policy.
  std::vector<ReplayLine> replays = {};
  // Names of files beside them that may have been meant as some, and were not read.
  std::vector<std::string> replay_files_passed_over = {};
  // Digests of the files that root and policy were read from, for the outcomes of rules to name.
  std::optional<Digest> root_file = {};
  std::optional<Digest> policy_file = {};
};

// A rule that was not judged accuses nobody: its remedy names the rules that are broken instead.
void SayWhatToMendFirst(std::vector<RuleOutcome>& rules);

struct Verdict {
  std::vector<RuleOutcome> rules;  // in the order checked; checking goes on after a failure
  ExitCode exit = ExitCode::kInternal;
  // "VERIFIED" or "VERIFIED (development: 1 machine, 1 operator)", then what it is: two spaces,
  // product and version, two spaces, the file's name as released (not where all files were judged).
  // Or "NOT VERIFIED" and nothing more.
  std::string headline;
  // "(development: 1 machine, 1 operator)", proved or not, to stand beside every word that is built
  // on this verdict; "" under a production root.
  std::string development;
  // Facts for people and for --state; filled as far as they could be derived.
  std::string product;
  std::string version;
  std::string artifact;  // the released name of the file; "" where it is no artifact
  std::int64_t sequence = 0;
  std::int64_t root_version = 0;
  std::optional<Release> release;
  std::optional<Digest> release_digest;
  std::vector<Record> records;  // of the records that verified
  // What is to be remembered instead of VerdictInput.seen, whatever else was found: that, and what
  // a sound status at hand says, so that nobody can show an older one after it.  Of one that is
  // older than what is remembered, ahead of the clock, or of a log that has forked (then nobody
  // knows which of the two is the honest one) it is what it has withdrawn, revoked and told of
  // dissents alone.  Absent where that is nothing new, and where the root is older than what is
  // remembered, or refused, or neither known nor part of a proof.
  std::optional<SeenStatuses> seen;
  // What of a status is not in `seen`, and why, for people; "" where nothing is left out.
  std::string not_remembered;
  bool proved() const { return exit == ExitCode::kProved; }
};

// The whole verdict.  The only place in the farm that says VERIFIED.
Verdict Judge(const VerdictInput& input);

// The same, for all the artifacts of a release at once (replay, publication): `files` are names and
// digests; every artifact of the release must be among them.
struct ReleaseFile {
  std::string name;
  Digest digest;
  std::uint64_t size = 0;
};
Verdict JudgeRelease(const VerdictInput& input_without_file, const std::vector<ReleaseFile>& files);

}  // namespace farm
