// What a signing program looks at before it serves anybody: whether its keys sign, whether what it
// signs with is valid now, and whether its clock is right.  A wrong signature, or one at a wrong
// time, would be in the log for ever.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/key.h"
#include "farm/sign/certified_signer.h"
#include "farm/sign/signer.h"

namespace farm {

// What a key signs to show that it signs begins so, and nothing else does: no PAE of DSSE ("DSSEv1
// "), no checkpoint (its second line is a number), no cosignature, no certificate, SCT or time
// stamp, no trust root.
constexpr std::string_view kCanaryPrefix = "farm-canary/1\nThis signature says nothing.\n";
constexpr UnixSeconds kClockSkewSecondsMax = 60;  // as in the default policy
constexpr UnixSeconds kExpiryWarningSeconds = 30 * kDaySeconds;

// A canary: kCanaryPrefix and random bytes.
std::string MakeCanary();
// Signs a canary and verifies it.
// Errors: those of Sign; kUntrusted exit 11 (the signature does not verify by the signer's own
// key).
Status CheckCanary(Signer& signer);

// With what a time-stamping authority stamps.
struct StampKey {
  PrivateKey key;           // P-256
  Certificate certificate;  // of that key
  Certificate authority;    // its issuer
};
// Stamps a canary and checks the token, as those who will ask for one do.
// Errors: those of AnswerTimestampRequest; kUntrusted exit 11 (the token does not verify by these
// certificates), exit 18 (one of them is not valid at `now`).
Status CheckCanaryToken(const StampKey& stamp, UnixSeconds now);

// Something that is good for a time only.
struct Dated {
  std::string name;       // "TLS certificate tls.pem"
  UnixSeconds start = 0;  // both times are within it
  UnixSeconds end = 0;
  std::string remedy;  // "ask your operator for a new one"
  UnixSeconds warning_seconds = kExpiryWarningSeconds;
};

// A time by somebody else's clock.
struct ForeignTime {
  std::string who;  // "time-stamping authority timestamp"
  UnixSeconds time = 0;
  bool past = false;  // said at some time before, else a moment ago
};

struct SignerHealth {
  std::vector<Signer*> signers = {};  // borrowed
  const StampKey* stamp = nullptr;    // of a time-stamping authority; borrowed
  std::vector<Dated> dated = {};
  std::vector<ForeignTime> foreign_times = {};
  UnixSeconds now = 0;
};

// The signer's key, its leaf and its operator's CA.  Errors: those of Leaf.
Status AddCertifiedSigner(CertifiedSigner& signer, SignerHealth& health);
// A time-stamping authority's key and its certificates.
void AddStampKey(const StampKey& stamp, SignerHealth& health);
// A trust root's validity.  Errors: unreadable (kNotFound, kUnavailable, kInvalidInput).
Status AddRootFile(const std::string& path, SignerHealth& health);
// The same of a PEM certificate for TLS.
Status AddTlsCertificate(const std::string& path, SignerHealth& health);
// The time at which `name` cosigned the checkpoint in a file, if it has: the clock has been there.
void AddCosignature(const std::string& note_file, std::string_view name, const PublicKey& key,
                    SignerHealth& health);

// All that is wrong in one error with the lowest exit code: 11 (a canary does not verify), 18 (not
// valid now), 30 (a token is gone; the clock is wrong by more than kClockSkewSecondsMax), 25 (a PIN
// is refused); each with its remedy.  What ends within its warning time goes to `warn`.
Status CheckSignerHealth(const SignerHealth& health,
                         const std::function<void(const std::string&)>& warn);

}  // namespace farm
