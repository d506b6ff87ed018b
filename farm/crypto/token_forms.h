// P-256 signatures as PKCS#11 tokens write them: pairs of numbers.
#pragma once

#include <string>
#include <string_view>

#include "farm/base/result.h"

namespace farm {

// r || s, 32 bytes each, to the ASN.1 DER that PublicKey::Verify takes.
// Errors: kInvalidInput (another length).
Result<std::string> P256SignatureFromPair(std::string_view r_and_s);

}  // namespace farm
