// A key that others sign with.  What the farm signs with is PublicKey (key.h): two kinds, one byte
// string for one key.  This one takes what the outside world uses, and only verifies.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "farm/base/result.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/digests.h"

namespace farm {

constexpr int kRsaBitsMin = 2048;  // 112 bits of security, as for certificates
constexpr int kRsaBitsMax = 8192;  // more costs time and gives nothing

// ECDSA on P-256, P-384 or P-521 (signatures in ASN.1 DER), RSA of kRsaBitsMin to kRsaBitsMax bits
// (PKCS #1 v1.5, or PSS where asked for), Ed25519.  Immutable; safe from any thread; cheap to copy.
class VerifyingKey {
 public:
  // A SubjectPublicKeyInfo.  Errors: kInvalidInput (not one, another algorithm, curve or size).
  static Result<VerifyingKey> FromSpki(std::string_view der);
  // An RSAPublicKey of PKCS #1.
  static Result<VerifyingKey> FromPkcs1(std::string_view der);
  // "PUBLIC KEY" or "RSA PUBLIC KEY", with nothing around the block but white space.
  static Result<VerifyingKey> FromPem(std::string_view pem);
  static Result<VerifyingKey> OfCertificate(const Certificate& certificate);

  // The same key for signatures over another hash than hash(), or with PSS (RSA only; CHECKed).
  VerifyingKey WithHash(HashAlgorithm hash) const;
  VerifyingKey WithPss() const;

  const std::string& spki() const;  // DER
  std::string Kind() const;         // "ECDSA P-256", "RSA 3072", "Ed25519", for people
  // The hash that goes with the key in Sigstore's registry of algorithms: SHA-256, for P-384
  // SHA-384, for P-521 SHA-512.
  HashAlgorithm hash() const;
  // Ed25519 signs the message itself: there is no digest of it to verify.
  bool NeedsMessage() const;

  // Errors: kUntrusted ("signature does not match").
  Status Verify(std::string_view message, std::string_view signature) const;
  // `digest` is the raw hash() of the message.  CHECKs !NeedsMessage() and the digest's size.
  Status VerifyDigest(std::string_view digest, std::string_view signature) const;

  friend bool operator==(const VerifyingKey& a, const VerifyingKey& b);  // whatever hash, PSS

 private:
  struct State;
  friend struct VerifyingKeyAccess;
  VerifyingKey(std::shared_ptr<const State> state, HashAlgorithm hash)
      : state_(std::move(state)), hash_(hash) {}

  std::shared_ptr<const State> state_;  // shared: an immutable OpenSSL key, copied with the value
  HashAlgorithm hash_;
  bool pss_ = false;
};

// What a log's entry holds as PEM: who signed it.
struct PemHolder {
  bool is_certificate = false;
  std::string der;  // of the certificate, or the key's SPKI as written
};
// "CERTIFICATE" or "PUBLIC KEY".  Errors: kInvalidInput.
Result<PemHolder> ReadPemHolder(std::string_view pem);

}  // namespace farm
