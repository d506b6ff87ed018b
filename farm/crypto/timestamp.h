// RFC 3161 time stamps: ask, answer, check.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/crypto/certificate.h"

namespace farm {

// DER TimeStampReq over SHA-256 of `message`, with a nonce, asking for the certificate.
std::string MakeTimestampRequest(std::string_view message);

// DER TimeStampResp for a DER request (status granted, or rejection with a reason).  `authority`
// is included for verifiers that look for the chain.  Errors: kInvalidInput (not a request).
Result<std::string> AnswerTimestampRequest(std::string_view request, const PrivateKey& key,
                                           const Certificate& certificate,
                                           const Certificate& authority, UnixSeconds now);

// Checks a DER TimeStampResp (the whole response) over `message`: status, imprint, signature, the
// signer's critical EKU and its chain to `chain` (leaf's issuer first or leaf first, as the trust
// root lists it), valid at the token's own time.  Returns that time.
// Errors: kUntrusted exit 11 (imprint, signature or issuer), exit 18 (certificate not valid then).
// Spec: RFC 3161 section 2.4.2.
Result<UnixSeconds> CheckTimestamp(std::string_view response, std::string_view message,
                                   const std::vector<Certificate>& chain);

}  // namespace farm
