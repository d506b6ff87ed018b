#include "farm/crypto/verifying_key.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <array>
#include <optional>
#include <utility>

#include "farm/crypto/openssl.h"

namespace farm {
namespace {

constexpr std::size_t kSpkiBytesMax = 4 << 10;  // RSA of 8192 bits takes 1.1 kB

using OwnedKeyContext = OpensslOwned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

enum class Family { kEcdsa, kRsa, kEd25519 };

struct KeyFacts {
  Family family;
  std::string name;
  HashAlgorithm hash;
};

Error Invalid(std::string message) { return Error{ErrorCode::kInvalidInput, std::move(message)}; }

Error Mismatch() { return Error{ErrorCode::kUntrusted, "signature does not match"}; }

Result<KeyFacts> FactsOfCurve(EVP_PKEY* key) {
  constexpr std::size_t kNameBytesMax = 64;
  std::array<char, kNameBytesMax> group{};
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(),
                                     nullptr) == 1) {
    const std::string_view name(group.data());
    if (name == SN_X9_62_prime256v1) {
      return KeyFacts{Family::kEcdsa, "ECDSA P-256", HashAlgorithm::kSha256};
    }
    if (name == SN_secp384r1)
      return KeyFacts{Family::kEcdsa, "ECDSA P-384", HashAlgorithm::kSha384};
    if (name == SN_secp521r1)
      return KeyFacts{Family::kEcdsa, "ECDSA P-521", HashAlgorithm::kSha512};
  }
  return Invalid("the key's curve is none of P-256, P-384, P-521");
}

Result<KeyFacts> FactsOf(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "EC") == 1) return FactsOfCurve(key);
  if (EVP_PKEY_is_a(key, "ED25519") == 1) {
    return KeyFacts{Family::kEd25519, "Ed25519", HashAlgorithm::kSha256};
  }
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < kRsaBitsMin || bits > kRsaBitsMax) {
      return Invalid("the RSA key has " + std::to_string(bits) + " bits, want " +
                     std::to_string(kRsaBitsMin) + " to " + std::to_string(kRsaBitsMax));
    }
    return KeyFacts{Family::kRsa, "RSA " + std::to_string(bits), HashAlgorithm::kSha256};
  }
  return Invalid("the key is none of ECDSA, RSA, Ed25519");
}

const EVP_MD* MdOf(HashAlgorithm hash) {
  switch (hash) {
    case HashAlgorithm::kSha256:
      return EVP_sha256();
    case HashAlgorithm::kSha384:
      return EVP_sha384();
    case HashAlgorithm::kSha512:
      return EVP_sha512();
  }
  CHECK(false);
}

}  // namespace

struct VerifyingKey::State {
  OwnedPkey key;
  std::string spki;
  KeyFacts facts;
};

struct VerifyingKeyAccess {
  static Result<VerifyingKey> Make(OwnedPkey key) {
    ASSIGN_OR_RETURN(KeyFacts facts, FactsOf(key.get()));
    std::string spki = ToDer<i2d_PUBKEY>(key.get());
    if (spki.empty()) return Invalid("the key has no SubjectPublicKeyInfo");
    const HashAlgorithm hash = facts.hash;
    return VerifyingKey(std::make_shared<const VerifyingKey::State>(
                            VerifyingKey::State{std::move(key), std::move(spki), std::move(facts)}),
                        hash);
  }
};

Result<VerifyingKey> VerifyingKey::FromSpki(std::string_view der) {
  const ErrorQueueScope scope;
  auto key = der.size() > kSpkiBytesMax ? nullptr : FromWholeDer<OwnedPkey, d2i_PUBKEY>(der);
  if (!key) return Invalid("not the SubjectPublicKeyInfo of a key that we know");
  return VerifyingKeyAccess::Make(std::move(key));
}

Result<VerifyingKey> VerifyingKey::FromPkcs1(std::string_view der) {
  const ErrorQueueScope scope;
  if (der.size() > kSpkiBytesMax) return Invalid("not an RSAPublicKey of PKCS #1: too long");
  const auto* position = Data(der);
  OwnedPkey key(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &position, static_cast<long>(der.size())));
  if (!key || position != Data(der) + der.size()) return Invalid("not an RSAPublicKey of PKCS #1");
  return VerifyingKeyAccess::Make(std::move(key));
}

Result<VerifyingKey> VerifyingKey::FromPem(std::string_view pem) {
  if (const auto der = PemDecode("RSA PUBLIC KEY", pem)) return FromPkcs1(*der);
  ASSIGN_OR_RETURN(const std::string der, PemDecode("PUBLIC KEY", pem));
  return FromSpki(der);
}

Result<VerifyingKey> VerifyingKey::OfCertificate(const Certificate& certificate) {
  const ErrorQueueScope scope;
  OwnedPkey key(X509_get_pubkey(CertificateAccess::Get(certificate)));
  if (!key) return Invalid("the certificate has no key that we know");
  return VerifyingKeyAccess::Make(std::move(key));
}

VerifyingKey VerifyingKey::WithHash(HashAlgorithm hash) const {
  VerifyingKey same = *this;
  same.hash_ = hash;
  return same;
}

VerifyingKey VerifyingKey::WithPss() const {
  CHECK(state_->facts.family == Family::kRsa);
  VerifyingKey same = *this;
  same.pss_ = true;
  return same;
}

const std::string& VerifyingKey::spki() const { return state_->spki; }
std::string VerifyingKey::Kind() const { return state_->facts.name; }
HashAlgorithm VerifyingKey::hash() const { return hash_; }
bool VerifyingKey::NeedsMessage() const { return state_->facts.family == Family::kEd25519; }

Status VerifyingKey::Verify(std::string_view message, std::string_view signature) const {
  if (!NeedsMessage()) return VerifyDigest(HashOf(hash_, message), signature);
  const ErrorQueueScope scope;
  const OpensslOwned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  CHECK(context);
  CHECK(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, state_->key.get()) == 1);
  if (EVP_DigestVerify(context.get(), Data(signature), signature.size(), Data(message),
                       message.size()) != 1) {
    return Mismatch();
  }
  return {};
}

Status VerifyingKey::VerifyDigest(std::string_view digest, std::string_view signature) const {
  const ErrorQueueScope scope;
  CHECK(!NeedsMessage() && digest.size() == HashSize(hash_));
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, state_->key.get(), nullptr));
  CHECK(context && EVP_PKEY_verify_init(context.get()) == 1);
  if (state_->facts.family == Family::kRsa) {
    const int padding = pss_ ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
    CHECK(EVP_PKEY_CTX_set_rsa_padding(context.get(), padding) == 1);
  }
  CHECK(EVP_PKEY_CTX_set_signature_md(context.get(), MdOf(hash_)) == 1);
  if (pss_) CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), RSA_PSS_SALTLEN_AUTO) == 1);
  if (EVP_PKEY_verify(context.get(), Data(signature), signature.size(), Data(digest),
                      digest.size()) != 1) {
    return Mismatch();
  }
  return {};
}

bool operator==(const VerifyingKey& a, const VerifyingKey& b) {
  const ErrorQueueScope scope;
  return EVP_PKEY_eq(a.state_->key.get(), b.state_->key.get()) == 1;
}

Result<PemHolder> ReadPemHolder(std::string_view pem) {
  if (auto der = PemDecode("CERTIFICATE", pem)) return PemHolder{true, *std::move(der)};
  auto der = PemDecode("PUBLIC KEY", pem);
  if (!der) return Invalid("want one PEM block, CERTIFICATE or PUBLIC KEY");
  return PemHolder{false, *std::move(der)};
}

}  // namespace farm
