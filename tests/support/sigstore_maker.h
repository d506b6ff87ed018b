// Makes Sigstore bundles of every shape that the outside world has, and the trusted root that they
// stand on, with keys of its own.  A test bends the finished JSON, or, before anything is signed,
// the shape.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "farm/crypto/certificate.h"
#include "farm/crypto/digests.h"
#include "farm/crypto/key.h"
#include "farm/json/json.h"
#include "tests/support/foreign_signer.h"

namespace farm {

struct SigstoreShape {
  std::string media_type = "application/vnd.dev.sigstore.bundle.v0.3+json";
  bool chain = false;  // x509CertificateChain instead of certificate
  // Who signs: a certificate's key, or this key, known otherwise.
  std::optional<ForeignSigner> key = {};
  KeyKind leaf_key = KeyKind::kP256;
  HashAlgorithm hash = HashAlgorithm::kSha256;  // under the signature and in the entry
  bool envelope = false;
  std::string payload = {};  // of the envelope; by default a statement about the artifact
  std::string payload_type = "application/vnd.in-toto+json";
  std::string kind = "hashedrekord";
  std::string version = "0.0.2";
  bool promise = false;  // by the old log, as its kinds of entries
  bool proof = true;
  std::vector<UnixSeconds> tokens = {1'800'000'060};
  UnixSeconds integrated = 1'800'000'090;
  UnixSeconds leaf_start = 1'800'000'000;  // for 600 seconds
  bool bad_signature = false;              // one byte changed, before it is stamped and logged
  std::function<void(Json& body)> bend_body = {};
  std::function<void(std::string& origin)> bend_origin = {};
};

// Not thread-safe.
class SigstoreMaker {
 public:
  SigstoreMaker();

  Json Bundle(const SigstoreShape& shape, const std::string& artifact) const;
  // Version 0.2, everything valid from 2026 to 2027 and a half.
  Json TrustedRoot() const;

  std::string identity() const { return "https://builder.example/workflow@main"; }
  std::string issuer() const { return "https://issuer.example"; }
  // A statement with this digest of the artifact.
  static std::string Statement(const std::string& type, HashAlgorithm algorithm,
                               const std::string& artifact);

 private:
  struct Signed;
  Certificate Leaf(const SigstoreShape& shape) const;
  Json Body(const SigstoreShape& shape, const Signed& made) const;
  Json Entry(const SigstoreShape& shape, const std::string& body) const;
  const PrivateKey& LeafKey(const SigstoreShape& shape) const;

  PrivateKey authority_key_ = PrivateKey::Generate(KeyKind::kP256);
  PrivateKey leaf_key_ = PrivateKey::Generate(KeyKind::kP256);
  PrivateKey ed25519_leaf_key_ = PrivateKey::Generate(KeyKind::kEd25519);
  PrivateKey transparency_key_ = PrivateKey::Generate(KeyKind::kP256);
  PrivateKey log_key_ = PrivateKey::Generate(KeyKind::kEd25519);
  PrivateKey old_log_key_ = PrivateKey::Generate(KeyKind::kP256);
  PrivateKey stamp_authority_key_ = PrivateKey::Generate(KeyKind::kP256);
  PrivateKey stamp_key_ = PrivateKey::Generate(KeyKind::kP256);
  Certificate authority_;
  Certificate stamp_authority_;
  Certificate stamp_leaf_;
};

}  // namespace farm
