// Log policies: which logs are known, and which sets of their witnesses suffice.  Names of
// witnesses and groups mean something within one policy only; keys say who is who.
// Spec: C2SP tlog-policy.  Pure; safe from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/evidence/note.h"
#include "farm/evidence/trust_root.h"
#include "farm/evidence/verifier_key.h"

namespace farm {

constexpr std::size_t kTlogPolicyBytesMax = 256 << 10;
constexpr std::size_t kTlogPolicyLinesMax = 256;  // of each kind; the specification asks for 32
constexpr std::string_view kNoQuorum = "none";

struct TlogPolicy {
  struct KnownLog {
    VerifierKey key;  // its name is the log's origin
    std::string url;  // "" if the policy has none
  };
  struct KnownWitness {
    std::string name;
    VerifierKey key;
    std::string url;  // submission prefix; "" if the policy has none
  };
  struct Group {
    std::string name;
    std::size_t needed = 1;  // of its members
    std::vector<std::string> members;
  };
  std::vector<KnownLog> logs;
  std::vector<KnownWitness> witnesses;
  std::vector<Group> groups;      // each names witnesses and groups before it
  std::string quorum{kNoQuorum};  // a witness, a group, or "none"
};

// Refuses what the specification refuses: a name defined twice, defined later than it is used, or
// in two groups; two logs or two witnesses with one key; a threshold out of range; no quorum line
// or two; control characters.  Refused by us: keys other than Ed25519, a last line that does not
// end. Errors: kInvalidInput naming `where` and the line; kLimitExceeded.
Result<TlogPolicy> ParseTlogPolicy(std::string_view bytes, std::string_view where);
// One form for one policy: logs, witnesses, groups in their order, quorum.
std::string WriteTlogPolicy(const TlogPolicy& policy);

// Whether these witnesses (places in policy.witnesses) suffice.
bool QuorumMet(const TlogPolicy& policy, const std::set<std::size_t>& cosigned);

// What a policy says of a checkpoint.
struct PolicyVerdict {
  Checkpoint checkpoint;
  std::set<std::size_t> cosigned;  // places in policy.witnesses
  UnixSeconds witnessed_at = 0;    // when the quorum was first met; 0 where none is asked for
};
// Checks that a known log of the note's origin has signed it and that enough witnesses have
// cosigned. A line of a known key that does not verify spoils the note. Errors: kInvalidInput,
// kUntrusted exit 15 (log), kUntrusted exit 16 (witnesses).
Result<PolicyVerdict> CheckUnderPolicy(const Note& note, const TlogPolicy& policy);

// The root's logs and its witnesses in force at `at`, those with revoked keys left out.  Witnesses
// of one operator are a group of which any suffices, and `needed` operators are the quorum; under a
// development root each witness counts for itself, as in every verdict.
// `urls`: by the witness's name in the root.
// Errors: kInvalidInput (more needed than there are; a name that no policy may have; a URL of a
// witness that the root does not have).
Result<TlogPolicy> TlogPolicyOf(const TrustRoot& root, std::size_t needed, UnixSeconds at,
                                const std::map<std::string, std::string>& urls);

}  // namespace farm
