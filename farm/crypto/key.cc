#include "farm/crypto/key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include <array>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/openssl.h"

namespace farm {
namespace {

// An SPKI of either kind is a fixed prefix and the key.  Comparing the prefix leaves one byte
// string for one key: no compressed points, no curves written out as parameters.
// 30 59 (30 13 (id-ecPublicKey, prime256v1), 03 42 00 04 || x || y).  Spec: RFC 5480 section 2.
constexpr std::string_view kP256Prefix(
    "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
    "\x03\x42\x00\x04",
    27);
constexpr std::size_t kP256Size = 27 + 64;
constexpr std::size_t kP256PointSize = 65;  // with the 04 that ends the prefix
// 30 2a (30 05 (id-Ed25519), 03 21 00 || key).  Spec: RFC 8410 section 4.
constexpr std::string_view kEd25519Prefix("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);
constexpr std::size_t kEd25519Size = 12 + 32;

// The keys are given to OpenSSL as what they are.  Its reader of SPKIs tries every format that it
// knows, which takes longer than a signature's check.

// Null if `point` (04 || x || y) is not a point of the curve, in its only such form: OpenSSL
// checks.
OwnedPkey KeyOfPoint(std::string_view point) {
  const OpensslOwned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  CHECK(context && EVP_PKEY_fromdata_init(context.get()) == 1);
  std::string group = SN_X9_62_prime256v1;
  std::string bytes(point);
  std::array<OSSL_PARAM, 3> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, bytes.data(), bytes.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.data()) != 1) {
    return nullptr;
  }
  return OwnedPkey(key);
}

// Whether the bytes are a point shows only when a signature is checked, as RFC 8032 has it.
OwnedPkey KeyOfEd25519(std::string_view bytes) {
  return OwnedPkey(
      EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, Data(bytes), bytes.size()));
}

OpensslOwned<EVP_MD_CTX, EVP_MD_CTX_free> NewDigestContext() {
  OpensslOwned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  CHECK(context);
  return context;
}

}  // namespace

struct PublicKey::State {
  OwnedPkey key;
  std::string spki;
  KeyKind kind;
  std::string key_id;  // asked for again and again in one verdict
};

Result<PublicKey> PublicKey::FromSpki(std::string_view der) {
  const ErrorQueueScope scope;
  KeyKind kind;
  OwnedPkey key;
  if (der.size() == kP256Size && der.starts_with(kP256Prefix)) {
    kind = KeyKind::kP256;
    key = KeyOfPoint(der.substr(kP256Prefix.size() - 1));  // with its 04
  } else if (der.size() == kEd25519Size && der.starts_with(kEd25519Prefix)) {
    kind = KeyKind::kEd25519;
    key = KeyOfEd25519(der.substr(kEd25519Prefix.size()));
  } else {
    return Error{ErrorCode::kInvalidInput,
                 "not the SubjectPublicKeyInfo of a P-256 (uncompressed) or Ed25519 key"};
  }
  if (!key) {
    return Error{ErrorCode::kInvalidInput, "not a public key: " + OpensslReason()};
  }
  return PublicKey(std::make_shared<const State>(
      State{std::move(key), std::string(der), kind, Sha256(der).Hex()}));
}

Result<PublicKey> PublicKey::FromPem(std::string_view pem) {
  ASSIGN_OR_RETURN(const std::string der, PemDecode("PUBLIC KEY", pem));
  return FromSpki(der);
}

Result<PublicKey> PublicKey::FromP256(std::string_view raw_point) {
  return FromSpki(std::string(kP256Prefix.substr(0, kP256Size - kP256PointSize)) +
                  std::string(raw_point));
}

Result<PublicKey> PublicKey::FromEd25519(std::string_view raw_32_bytes) {
  if (raw_32_bytes.size() != kEd25519Size - kEd25519Prefix.size()) {
    return Error{ErrorCode::kInvalidInput,
                 "an Ed25519 key has " + std::to_string(raw_32_bytes.size()) + " bytes, want 32"};
  }
  return FromSpki(std::string(kEd25519Prefix) + std::string(raw_32_bytes));
}

KeyKind PublicKey::kind() const { return state_->kind; }
const std::string& PublicKey::spki() const { return state_->spki; }

std::string PublicKey::raw_ed25519() const {
  CHECK(kind() == KeyKind::kEd25519);
  return spki().substr(kEd25519Prefix.size());
}

std::string PublicKey::raw_p256() const {
  CHECK(kind() == KeyKind::kP256);
  return spki().substr(kP256Size - kP256PointSize);
}

std::string PublicKey::Pem() const { return PemEncode("PUBLIC KEY", spki()); }
const std::string& PublicKey::KeyId() const { return state_->key_id; }

Status PublicKey::Verify(std::string_view message, std::string_view signature) const {
  const ErrorQueueScope scope;
  const auto context = NewDigestContext();
  CHECK(EVP_DigestVerifyInit(context.get(), nullptr, SigningDigest(kind()), nullptr,
                             state_->key.get()) == 1);
  if (EVP_DigestVerify(context.get(), Data(signature), signature.size(), Data(message),
                       message.size()) != 1) {
    return Error{ErrorCode::kUntrusted, "signature does not match"};
  }
  return {};
}

PrivateKey PrivateKey::Generate(KeyKind kind) {
  const ErrorQueueScope scope;
  OwnedPkey key(kind == KeyKind::kP256 ? EVP_EC_gen("P-256")
                                       : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  CHECK(key);
  auto public_key = PublicKey::FromSpki(ToDer<i2d_PUBKEY>(key.get()));
  CHECK(public_key);
  return PrivateKey(std::make_shared<const State>(State{std::move(key), *std::move(public_key)}));
}

Result<PrivateKey> PrivateKey::FromPem(std::string_view pem) {
  const ErrorQueueScope scope;
  ASSIGN_OR_RETURN(std::string der, PemDecode("PRIVATE KEY", pem));
  using OwnedPkcs8 = OpensslOwned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;
  const auto pkcs8 = FromWholeDer<OwnedPkcs8, d2i_PKCS8_PRIV_KEY_INFO>(der);
  OPENSSL_cleanse(der.data(), der.size());
  OwnedPkey key(pkcs8 ? EVP_PKCS82PKEY(pkcs8.get()) : nullptr);
  if (!key) {
    return Error{ErrorCode::kInvalidInput, "not a PKCS#8 private key: " + OpensslReason()};
  }
  if (EVP_PKEY_is_a(key.get(), "EC") != 1 && EVP_PKEY_is_a(key.get(), "ED25519") != 1) {
    return Error{ErrorCode::kInvalidInput, "the private key is neither P-256 nor Ed25519"};
  }
  auto public_key = PublicKey::FromSpki(ToDer<i2d_PUBKEY>(key.get()));
  if (!public_key) return Wrap("private key", public_key.error());
  // PKCS#8 may carry a scalar out of range, or a public half that is not this key's own.
  if (public_key->kind() == KeyKind::kP256) {
    const OpensslOwned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
        EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    CHECK(context);
    if (EVP_PKEY_private_check(context.get()) != 1 || EVP_PKEY_pairwise_check(context.get()) != 1) {
      return Error{ErrorCode::kInvalidInput, "the two halves of the private key do not match"};
    }
  }
  return PrivateKey(std::make_shared<const State>(State{std::move(key), *std::move(public_key)}));
}

std::string PrivateKey::Pem() const {
  using OwnedPkcs8 = OpensslOwned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;
  const OwnedPkcs8 pkcs8(EVP_PKEY2PKCS8(state_->key.get()));
  CHECK(pkcs8);
  std::string der = ToDer<i2d_PKCS8_PRIV_KEY_INFO>(pkcs8.get());
  CHECK(!der.empty());
  std::string pem = PemEncode("PRIVATE KEY", der);
  OPENSSL_cleanse(der.data(), der.size());
  return pem;
}

const PublicKey& PrivateKey::public_key() const { return state_->public_key; }

std::string PrivateKey::Sign(std::string_view message) const {
  const ErrorQueueScope scope;
  const auto context = NewDigestContext();
  CHECK(EVP_DigestSignInit(context.get(), nullptr, SigningDigest(public_key().kind()), nullptr,
                           state_->key.get()) == 1);
  std::size_t size = 0;
  CHECK(EVP_DigestSign(context.get(), nullptr, &size, Data(message), message.size()) == 1);
  std::string signature(size, '\0');
  CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       Data(message), message.size()) == 1);
  signature.resize(size);  // an ECDSA signature is often shorter than the most it can be
  return signature;
}

}  // namespace farm
