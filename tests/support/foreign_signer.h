// Keys of the kinds that others sign with and the farm does not: made and used by OpenSSL directly.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "farm/crypto/digests.h"

namespace farm {

// Copies share the key.
class ForeignSigner {
 public:
  enum class Kind { kP256, kP384, kP521, kP224, kRsa1024, kRsa2048, kEd25519 };
  explicit ForeignSigner(Kind kind);

  std::string Spki() const;   // DER
  std::string Pem() const;    // "PUBLIC KEY"
  std::string Pkcs1() const;  // DER RSAPublicKey
  // `hash` counts for nothing with Ed25519; `pss` only with RSA.
  std::string Sign(std::string_view message, HashAlgorithm hash, bool pss = false) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace farm
