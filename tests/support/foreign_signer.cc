#include "tests/support/foreign_signer.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "farm/base/bytes.h"
#include "farm/base/result.h"

namespace farm {
namespace {

EVP_PKEY* Generate(ForeignSigner::Kind kind) {
  switch (kind) {
    case ForeignSigner::Kind::kP256:
      return EVP_EC_gen("P-256");
    case ForeignSigner::Kind::kP384:
      return EVP_EC_gen("P-384");
    case ForeignSigner::Kind::kP521:
      return EVP_EC_gen("P-521");
    case ForeignSigner::Kind::kP224:
      return EVP_EC_gen("P-224");
    case ForeignSigner::Kind::kRsa1024:
      return EVP_RSA_gen(1024);
    case ForeignSigner::Kind::kRsa2048:
      return EVP_RSA_gen(2048);
    case ForeignSigner::Kind::kEd25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  }
  return nullptr;
}

const EVP_MD* Md(HashAlgorithm hash) {
  return EVP_get_digestbyname(std::string(HashName(hash)).c_str());
}

}  // namespace

struct ForeignSigner::State {
  explicit State(Kind kind) : key(Generate(kind)) { CHECK(key != nullptr); }
  ~State() { EVP_PKEY_free(key); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  EVP_PKEY* key;
};

ForeignSigner::ForeignSigner(Kind kind) : state_(std::make_shared<const State>(kind)) {}

std::string ForeignSigner::Spki() const {
  unsigned char* bytes = nullptr;
  const int size = i2d_PUBKEY(state_->key, &bytes);
  CHECK(size > 0);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

std::string ForeignSigner::Pem() const {
  return "-----BEGIN PUBLIC KEY-----\n" + Base64Encode(Spki()) + "\n-----END PUBLIC KEY-----\n";
}

std::string ForeignSigner::Pkcs1() const {
  unsigned char* bytes = nullptr;
  const int size = i2d_PublicKey(state_->key, &bytes);
  CHECK(size > 0);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

std::string ForeignSigner::Sign(std::string_view message, HashAlgorithm hash, bool pss) const {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  CHECK(context != nullptr);
  EVP_PKEY_CTX* key_context = nullptr;  // the context's own
  const bool hashes = EVP_PKEY_is_a(state_->key, "ED25519") != 1;
  CHECK(EVP_DigestSignInit(context, &key_context, hashes ? Md(hash) : nullptr, nullptr,
                           state_->key) == 1);
  if (pss) CHECK(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(message.data());
  std::size_t size = 0;
  CHECK(EVP_DigestSign(context, nullptr, &size, bytes, message.size()) == 1);
  std::string signature(size, '\0');
  CHECK(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                       message.size()) == 1);
  signature.resize(size);
  EVP_MD_CTX_free(context);
  return signature;
}

}  // namespace farm
