// The evidence that every line shares: signature, time stamp, known key, log entry, witnesses,
// revocations.  Finds every problem, not only the first.  Private to this folder.
#pragma once

#include <optional>
#include <string>

#include "farm/crypto/verify_cache.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/trust_root.h"
#include "farm/verify/policy.h"
#include "farm/verify/rules.h"
#include "farm/verify/verify.h"

namespace farm {

enum class Role { kRequester, kCoordinator, kSite, kAuditor, kSigner, kMonitor, kCertifier };
std::string_view RoleName(Role role);       // as the trust root writes it
std::string Quoted(std::string_view text);  // for messages: in quotes, fit to print, cut

// What could be learned about a line.  Absent where it could not; then `problems` says why.
struct LineFacts {
  std::optional<LineIdentity> identity;
  std::optional<UnixSeconds> token;      // T
  std::optional<UnixSeconds> witnessed;  // U
  std::size_t witnesses = 0;             // of the root, valid when they cosigned, independent
  std::optional<Checkpoint> checkpoint;  // signed by a known log
  Problems problems;

  // Only of a line without problems.
  AttestedTimes Times() const { return {token.value(), witnessed.value()}; }
};

// Messages do not say which line they are about: see NameProblems.  `cache` knows what was checked
// for other lines.
LineFacts CheckLine(const Bundle& line, Role role, const TrustRoot& root, const Policy& policy,
                    VerifyCache& cache);

// The same for what is signed and stamped, but in no log: a status.  Who has signed it, and when,
// is attested by the time stamp alone.
LineFacts CheckStampedLine(const Bundle& line, Role role, const TrustRoot& root,
                           const Policy& policy, VerifyCache& cache);

// The same for what a replayer says, whom the root does not list: a time stamp and a log entry
// where the line has them.  Who has signed, and whether that key is revoked, is not asked here.
LineFacts CheckCarriedProof(const Bundle& line, const TrustRoot& root, const Policy& policy,
                            VerifyCache& cache);

// The part of it that can be known of a party before it signs: `line` has only its certificate, and
// it is judged as if stamped and witnessed at `now`.
LineFacts CheckSignerToBe(const Bundle& line, Role role, const TrustRoot& root, UnixSeconds now);

// Steps of CheckLine that stand in files of their own.  Each adds to `facts`.

// T: a token of a known authority over the signature (timestamp.cc).  Whose, if known.
struct StampedBy {
  const TimestampAuthority* authority = nullptr;
  Certificate signer;  // the chain's first, or where that is its issuer, one of the token's own
};
std::optional<StampedBy> CheckToken(const Bundle& line, const TrustRoot& root, VerifyCache& cache,
                                    LineFacts& facts);
// The entry is this line's, included under a checkpoint that a known log signed (log.cc).
const Log* CheckLogEntry(const Bundle& line, const TrustRoot& root, LineFacts& facts);
// The checkpoint in `note` is one that a log of the root has signed with both its keys, and not
// beyond its end.
// Errors: kMismatch exit 15.
struct KnownHead {
  const Log* log;
  Checkpoint checkpoint;
};
Result<KnownHead> CheckHeadOfLog(const Note& note, const TrustRoot& root);
// U: enough cosignatures by witnesses valid at that time (witnesses.cc).
void CheckWitnesses(const Bundle& line, const TrustRoot& root, const Policy& policy,
                    LineFacts& facts);
void CheckCosignatures(const Note& note, const TrustRoot& root, const Policy& policy,
                       LineFacts& facts);
// No key that the line stands on is revoked (revocations.cc).
struct KeysOfLine {
  std::string signer;  // key id; "" where that is not asked
  const Operator* owner = nullptr;
  const DatedAuthority* authority = nullptr;  // the owner's that issued the certificate
  std::optional<StampedBy> stamped_by = {};
  const Log* log = nullptr;
};
void CheckRevocations(const KeysOfLine& keys, const TrustRoot& root, LineFacts& facts);

}  // namespace farm
