// Offline proof that an entry is in a log, as a text file (`.tlog-proof`):
//   c2sp.org/tlog-proof@v1
//   extra <base64>            may be missing; the farm's: the leaf's exact bytes
//   index <decimal>
//   <base64 hash>             siblings, leaf to root, a line each
//   <empty line>
//   <checkpoint: the whole signed note>
// Spec: C2SP tlog-proof.  Pure; safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/tlog_policy.h"

namespace farm {

// A note, a leaf in base64, the hashes.
constexpr std::size_t kTlogProofBytesMax = 256 << 10;

struct TlogProof {
  std::optional<std::string> extra;  // not empty; proves nothing by itself
  std::uint64_t index = 0;
  std::vector<Digest> hashes;  // at most kProofHashesMax
  std::string checkpoint;      // the signed note, verbatim
};

// Errors: kInvalidInput naming `where` and the line; kLimitExceeded.
Result<TlogProof> ParseTlogProof(std::string_view bytes, std::string_view where);
std::string WriteTlogProof(const TlogProof& proof);

// The proof of a bundle line, its leaf as `extra`.  Errors: kInvalidInput (the line has no log
// entry).
Result<TlogProof> TlogProofOf(const Bundle& line);

// Checks that `leaf` is the entry that the proof speaks of, under a checkpoint that the policy
// takes.  What the leaf must be is for the caller to know: for the farm's, ParseCanonicalizedBody
// says which signed thing it names.
// Errors: those of CheckUnderPolicy; kInvalidInput exit 15, kMismatch exit 15 (not this entry).
Result<PolicyVerdict> CheckTlogProof(const TlogProof& proof, std::string_view leaf,
                                     const TlogPolicy& policy);

}  // namespace farm
