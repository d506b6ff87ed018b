#include "farm/crypto/token_forms.h"

#include <openssl/ecdsa.h>

#include "farm/crypto/openssl.h"

namespace farm {
namespace {

constexpr std::size_t kNumberBytes = 32;  // of the curve's order

}  // namespace

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
