// Signature keys: ECDSA P-256 with SHA-256 (signature in ASN.1 DER) and Ed25519.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "farm/base/digest.h"
#include "farm/base/result.h"

namespace farm {

enum class KeyKind { kP256, kEd25519 };

// A public key, as its SubjectPublicKeyInfo.  Immutable; safe from any thread; cheap to copy.
class PublicKey {
 public:
  // One byte string for one key: a P-256 point is uncompressed, its curve named.
  // Errors: kInvalidInput (not an SPKI, another algorithm or curve, not a point of the curve,
  // trailing bytes).
  static Result<PublicKey> FromSpki(std::string_view der);
  // "PUBLIC KEY", with nothing around the block but white space.
  static Result<PublicKey> FromPem(std::string_view pem);
  static Result<PublicKey> FromEd25519(std::string_view raw_32_bytes);
  // 65 bytes, 04 and the two coordinates: SEC 1 section 2.3.3.
  static Result<PublicKey> FromP256(std::string_view raw_point);

  KeyKind kind() const;
  const std::string& spki() const;  // DER
  std::string raw_ed25519() const;  // 32 bytes; CHECKs the kind
  std::string raw_p256() const;     // 65 bytes; CHECKs the kind
  std::string Pem() const;
  const std::string& KeyId() const;  // lowercase hex SHA-256 of the SPKI: the DSSE keyid
  // Errors: kUntrusted ("signature does not match").  Spec: FIPS 186-5; RFC 8032 section 5.1.7.
  Status Verify(std::string_view message, std::string_view signature) const;
  friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.spki() == b.spki(); }

 private:
  struct State;
  explicit PublicKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;  // shared: an immutable OpenSSL key, copied with the value
};

// A private key in memory.  Immutable; safe from any thread; cheap to copy.  Programs use it
// through farm/sign; only sign, timestamp, tests and `farm init` touch it directly.
class PrivateKey {
 public:
  static PrivateKey Generate(KeyKind kind);
  // PKCS#8 PEM ("PRIVATE KEY"), not encrypted.
  // Errors: kInvalidInput (also a key whose two halves do not match).
  static Result<PrivateKey> FromPem(std::string_view pem);
  std::string Pem() const;
  const PublicKey& public_key() const;
  std::string Sign(std::string_view message) const;

  struct State;
  const State& state() const { return *state_; }  // for certificate.cc and timestamp.cc

 private:
  explicit PrivateKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace farm
