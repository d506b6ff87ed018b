// Certificates as authorities of others issue them: who issued a leaf, whom it names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/crypto/certificate.h"

namespace farm {

// CheckSigningChain for a leaf for code signing from outside.  `chain` is an authority as a
// Sigstore root lists it, nearest to the leaf first; its last certificate is trusted, self-signed
// or not.  Not all of the chain need be used, but all of it must be valid at `at`.  What RFC 5280
// asks of CAs beyond the path itself (key identifiers above all) is not asked.  Returns the leaf's
// issuer.
// Errors: as CheckSigningChain.
// Spec: RFC 5280 section 6; Sigstore client specification section 4.3.
Result<Certificate> FindForeignIssuer(const Certificate& leaf,
                                      const std::vector<Certificate>& chain, UnixSeconds at);

// Checks a DER TimeStampResp over `message` as CheckTimestamp does, but for an authority as a
// Sigstore root lists it: `chain` is the signer's certificate, if it is listed, and its issuers, as
// above.  Returns its time.
// Errors: kUntrusted exit 11 (not a response, too large, imprint, signature or issuer), exit 18
// (certificate not valid then).
// Spec: RFC 3161 section 2.4.2.
Result<UnixSeconds> CheckForeignTimestamp(std::string_view response, std::string_view message,
                                          const std::vector<Certificate>& chain);

// True if subject and issuer are one name: a root, which no bundle may bring along.
bool IsSelfIssued(const Certificate& certificate);

// The names of the subject alternative name that stand for a signer, as written: URIs, mail
// addresses and Fulcio's user names (otherName 1.3.6.1.4.1.57264.1.7).  Empty if there are none.
std::vector<std::string> SubjectNames(const Certificate& certificate);

// Who vouched for that name: Fulcio's extension 1.3.6.1.4.1.57264.1.8, where there is none the
// older 1.3.6.1.4.1.57264.1.1; "" if there is neither, one stands there twice, or is malformed.
std::string NameIssuer(const Certificate& certificate);

}  // namespace farm
