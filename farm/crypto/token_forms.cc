#include "farm/crypto/token_forms.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/params.h>

#include <array>

#include "farm/crypto/openssl.h"

namespace farm {
namespace {

constexpr std::size_t kNumberBytes = 32;  // of the curve's field, and of its order
constexpr char kUncompressed = 0x04;

}  // namespace

Result<PublicKey> P256FromPoint(std::string_view point) {
  const ErrorQueueScope scope;
  if (point.size() != 1 + 2 * kNumberBytes || point.front() != kUncompressed) {
    return Error{ErrorCode::kInvalidInput, "not an uncompressed point of P-256"};
  }
  std::string group = "P-256";
  std::string bytes(point);
  std::array<OSSL_PARAM, 3> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size()),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, bytes.data(), bytes.size()),
      OSSL_PARAM_construct_end()};
  const OpensslOwned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  CHECK(context && EVP_PKEY_fromdata_init(context.get()) == 1);
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.data()) != 1) {
    return Error{ErrorCode::kInvalidInput, "not a point of P-256: " + OpensslReason()};
  }
  const OwnedPkey owner(key);
  return PublicKey::FromSpki(ToDer<i2d_PUBKEY>(key));
}

Result<std::string> P256SignatureFromPair(std::string_view r_and_s) {
  const ErrorQueueScope scope;
  if (r_and_s.size() != 2 * kNumberBytes) {
    return Error{ErrorCode::kInvalidInput, "an ECDSA signature of P-256 has " +
                                               std::to_string(r_and_s.size()) + " bytes, want 64"};
  }
  const OpensslOwned<ECDSA_SIG, ECDSA_SIG_free> signature(ECDSA_SIG_new());
  BIGNUM* const r = BN_bin2bn(Data(r_and_s), kNumberBytes, nullptr);
  BIGNUM* const s = BN_bin2bn(Data(r_and_s.substr(kNumberBytes)), kNumberBytes, nullptr);
  CHECK(signature && r && s && ECDSA_SIG_set0(signature.get(), r, s) == 1);
  return ToDer<i2d_ECDSA_SIG>(signature.get());
}

}  // namespace farm
