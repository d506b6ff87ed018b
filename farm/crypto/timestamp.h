// RFC 3161 time stamps: ask, answer, check.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/crypto/certificate.h"

namespace farm {

constexpr std::size_t kTimestampRequestBytesMax = 4 << 10;    // ours have 60 bytes
constexpr std::size_t kTimestampResponseBytesMax = 64 << 10;  // ours have 1.4 kB, public ones 6

// DER TimeStampReq over SHA-256 of `message`, with a nonce, asking for the certificate.
std::string MakeTimestampRequest(std::string_view message);

// DER TimeStampResp for a DER request: granted, or rejected with a reason (an imprint other than
// SHA-256, -384 or -512, a policy or an extension that we do not have).  `authority` is included
// for verifiers that look for the chain.  `key` is P-256 and `certificate`'s (CHECKed); the time is
// `now`, the accuracy said to be one second.
// Errors: kInvalidInput (not a request, too large; `certificate` is for something else).  Spec: RFC
// 3161 section 2.4; RFC 5816.
Result<std::string> AnswerTimestampRequest(std::string_view request, const PrivateKey& key,
                                           const Certificate& certificate,
                                           const Certificate& authority, UnixSeconds now);

// The time that a DER TimeStampResp says, a fraction of a second cut off; nothing of it is checked.
// For what shows evidence, never for what judges it.  Errors: kInvalidInput.
Result<UnixSeconds> ClaimedTimestampTime(std::string_view response);

// Checks a DER TimeStampResp (the whole response, nothing after it) over `message`: status, imprint
// (SHA-256, -384 or -512), signature, the signer's critical EKU and its chain to `chain` (leaf's
// issuer first or leaf first, as the trust root lists it), valid at the token's own time.  What the
// signature does not cover has one form, so that nobody can change a byte on the way: granted and
// not a word more, DER, versions and names of algorithms as they must be, the issuer's name as in
// the signer's certificate, no certificate inside but of that chain, no revocation list, no
// attribute without a signature.  Returns that time, a fraction of a second cut off.
// Errors: kUntrusted exit 11 (not a response, imprint, signature or issuer), exit 18 (certificate
// not valid then), kLimitExceeded.
// Spec: RFC 3161 section 2.4.2.
Result<UnixSeconds> CheckTimestamp(std::string_view response, std::string_view message,
                                   const std::vector<Certificate>& chain);

// The same, and who signed: where `chain` begins with the leaf's issuer, the leaf stands only in
// the token, and one who asks whether its key is revoked cannot know it from the trust root.
struct CheckedTimestamp {
  UnixSeconds time = 0;
  Certificate signer;  // may be foreign: ask HasPublicKey()
};
Result<CheckedTimestamp> CheckTimestampAndSigner(std::string_view response,
                                                 std::string_view message,
                                                 const std::vector<Certificate>& chain);
// The same; but for the times, what `cache` knows of exactly these certificates is not checked
// again.
Result<CheckedTimestamp> CheckTimestampAndSigner(std::string_view response,
                                                 std::string_view message,
                                                 const std::vector<Certificate>& chain,
                                                 VerifyCache& cache);

}  // namespace farm
