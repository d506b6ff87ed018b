// What an entry of a Sigstore log says: the kinds hashedrekord 0.0.1 and 0.0.2, dsse 0.0.1 and
// 0.0.2, intoto 0.0.2.
// Spec: rekor pkg/types/{hashedrekord,dsse,intoto}; rekor-tiles api/proto/rekor/v2.
#pragma once

#include <string>

#include "farm/base/result.h"
#include "farm/crypto/digests.h"
#include "farm/evidence/foreign_bundle.h"

namespace farm {

struct ForeignEntryFacts {
  // hashedrekord: the digest of what was signed, the artifact or an envelope's PAE.  dsse and
  // intoto: that of the envelope's payload.
  bool of_payload = false;
  HashAlgorithm algorithm = HashAlgorithm::kSha256;
  std::string digest;     // raw
  std::string signature;  // raw
  bool is_certificate = false;
  std::string signer;  // DER of the certificate, or SPKI of the key
};

// Reads `entry.body`, which must be of the kind and version that the bundle says.
// Errors: kInvalidInput exit 15 naming the field (also a kind that is not listed above).
Result<ForeignEntryFacts> ParseForeignEntry(const ForeignLogEntry& entry);

// True for the kinds of Rekor's second version, whose logs number entries once: an entry has one
// index, not another in the tree of its proof.
bool IsOfSecondVersion(const ForeignLogEntry& entry);

}  // namespace farm
