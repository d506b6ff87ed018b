// The offline verdict on a Sigstore bundle of whomever: is this artifact what the holder of that
// key, or of that name, signed, and was it logged?  It says nothing of what the farm demands of a
// release; that is Judge (verify.h).
// Spec: Sigstore client specification, section 4; Rekor v2 specification, sections 6.1.4 and 7.2.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/exit_code.h"
#include "farm/crypto/digests.h"
#include "farm/crypto/verifying_key.h"
#include "farm/evidence/foreign_bundle.h"
#include "farm/evidence/sigstore_trust.h"
#include "farm/verify/verify.h"

namespace farm {

struct SigstoreArtifact {
  std::string name;         // for people
  ArtifactDigests digests;  // those of WantedDigests that are known
  // Its bytes, where WantsBytes; absent if only the digest is known or the file is too large.
  std::optional<std::string> bytes;
};

struct SigstoreInput {
  ForeignBundle bundle;
  SigstoreTrust trust;
  // Whose signature is wanted: either this key, ...
  std::optional<VerifyingKey> key;
  // ... or a certificate of this name (a whole one, compared byte for byte), by this issuer.
  std::string identity;
  std::string issuer;
  SigstoreArtifact artifact;
  UnixSeconds now = 0;  // when we saw the signature, where nobody attests an earlier time
};

// Which digests of the artifact the verdict compares; SHA-256 is always among them.
std::set<HashAlgorithm> WantedDigests(const ForeignBundle& bundle,
                                      const std::optional<VerifyingKey>& key);
// True if the signature can only be verified over the artifact itself: Ed25519 without an envelope.
bool WantsBytes(const ForeignBundle& bundle, const std::optional<VerifyingKey>& key);

struct SigstoreVerdict {
  std::vector<RuleOutcome> rules;  // in the order of FORMAT.md; checking goes on after a failure
  ExitCode exit = ExitCode::kInternal;
  // "VERIFIED (sigstore)", two spaces, whose signature, two spaces, the artifact; never the farm's
  // own VERIFIED.  Or "NOT VERIFIED".
  std::string headline;
  std::vector<UnixSeconds> times;  // at which the signature was there, attested by others; sorted
  bool proved() const { return exit == ExitCode::kProved; }
};

SigstoreVerdict JudgeSigstore(const SigstoreInput& input);

}  // namespace farm
