// The signatures of a root that several people sign on several machines: who must, who has, and how
// two copies of one file become one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/evidence/trust_root.h"
#include "farm/sign/signer.h"

namespace farm {

// A key that may sign, and whether it has.
struct RootSeat {
  std::string key_id;
  std::string name;  // NameOfRootKey, for people
  bool has_signed = false;
};

// Enough of these keys have to sign.
struct RootQuorum {
  std::string of;  // "this root", "root 4"
  std::int64_t threshold = 1;
  std::int64_t count = 0;  // of the seats, those that have signed
  std::vector<RootSeat> seats;
  bool met() const { return count >= threshold; }
};

// The quorums of `root`: its own, and that of the root before it (null: it is the first).
std::vector<RootQuorum> QuorumsOf(const TrustRoot& root, const TrustRoot* before);

// "still to sign: 1 of Ann (1a2b..), Ben (3c4d..)", one line for each quorum that is not met.
std::vector<std::string> MissingSignatures(const std::vector<RootQuorum>& quorums);

// Keeps, in one order, each good signature by a key of the two roots once; of two good ones by one
// key the lesser.  So the same signatures give the same file, whoever brought which first.
// Returns how many were dropped: bad ones, and those of keys that neither root names.
std::size_t TidySignatures(TrustRoot& root, const TrustRoot* before);

// Takes what `other`, a copy of the same file, has more.
// Errors: kMismatch exit 22 (`other` is another root: another signed part).
Status MergeSignatures(TrustRoot& root, const TrustRoot& other, const TrustRoot* before);

// Signs with the key of `signer`, which one of the two roots must name; again is no error.  The key
// signs a canary first, and what it then gives is verified: a root is carried to others by hand,
// who would find out much later that a signature is missing. Errors: kUntrusted exit 25 (neither
// names the key), exit 11 (its signature does not verify, `root` is as it was); the signer's.
Status AddSignature(TrustRoot& root, Signer& signer, const TrustRoot* before);

}  // namespace farm
