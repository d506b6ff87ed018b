// Verifier keys ("vkeys"): the public key of a log or a witness as one word,
//   <name>+<8 hex digits: key id>+<base64(type byte, 32-byte Ed25519 key)>
// Type 1 signs notes (a log), type 4 cosigns them (a witness).
// Spec: C2SP signed-note, section "Verifier keys"; tlog-cosignature.
#pragma once

#include <string>
#include <string_view>

#include "farm/base/result.h"
#include "farm/crypto/key.h"

namespace farm {

enum class VerifierKeyUse { kLog, kWitness };

struct VerifierKey {
  std::string name;  // as note lines have it: not empty, neither space nor plus, UTF-8
  PublicKey key;     // Ed25519
  friend bool operator==(const VerifierKey&, const VerifierKey&) = default;
};

std::string WriteVerifierKey(const VerifierKey& key, VerifierKeyUse use);
// Errors: kInvalidInput: a name that no note may have, an id that is not this key's, another type
// of signature (ECDSA and ML-DSA keys among them).
Result<VerifierKey> ParseVerifierKey(std::string_view text, VerifierKeyUse use);

}  // namespace farm
