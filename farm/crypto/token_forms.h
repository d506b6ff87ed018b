// P-256 keys and signatures as PKCS#11 tokens write them: bare points and pairs of numbers.
#pragma once

#include <string>
#include <string_view>

#include "farm/base/result.h"
#include "farm/crypto/key.h"

namespace farm {

// 0x04 || x || y, 65 bytes.  Errors: kInvalidInput (another length or form, not on the curve).
Result<PublicKey> P256FromPoint(std::string_view point);
// r || s, 32 bytes each, to the ASN.1 DER that PublicKey::Verify takes.
// Errors: kInvalidInput (another length).
Result<std::string> P256SignatureFromPair(std::string_view r_and_s);

}  // namespace farm
