#include "farm/sign/doctor.h"

#include <optional>
#include <utility>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/timestamp.h"
#include "farm/evidence/note.h"
#include "farm/evidence/trust_root.h"

namespace farm {
namespace {

constexpr std::size_t kCanaryRandomBytes = 32;
constexpr std::size_t kCertificateFileBytesMax = 1 << 20;  // a certificate and those above it

Dated DatedCertificate(std::string name, const Certificate& certificate, std::string remedy) {
  return {std::move(name), certificate.not_before(), certificate.not_after(), std::move(remedy)};
}

Status CheckDated(const Dated& dated, UnixSeconds now,
                  const std::function<void(const std::string&)>& warn) {
  if (now < dated.start || now > dated.end) {
    return Error{ErrorCode::kUntrusted,
                 dated.name + ": valid from " + FormatTime(dated.start) + " to " +
                     FormatTime(dated.end) + ", this machine's clock says " + FormatTime(now) +
                     "; set the clock if that is wrong, else " + dated.remedy,
                 ExitCode::kNotValidThen};
  }
  if (now > dated.end - dated.warning_seconds) {
    warn(dated.name + " ends at " + FormatTime(dated.end) + "; " + dated.remedy);
  }
  return {};
}

Status CheckClock(const ForeignTime& foreign, UnixSeconds now) {
  const UnixSeconds ahead = now - foreign.time;
  if (ahead >= -kClockSkewSecondsMax && (foreign.past || ahead <= kClockSkewSecondsMax)) return {};
  return Error{ErrorCode::kUnavailable,
               "this machine's clock says " + FormatTime(now) + ", " + foreign.who +
                   (foreign.past ? " already said " : " says ") + FormatTime(foreign.time) +
                   "; set the clock (for example: apt-get install chrony), then start again"};
}

// The lowest code, and every message.
Error Together(Error first, const Error& second) {
  Error both = Worse(first.Exit(), second.Exit()) == first.Exit() ? first : second;
  both.exit = both.Exit();
  both.message = first.message + "; and " + second.message;
  return both;
}

}  // namespace

std::string MakeCanary() { return std::string(kCanaryPrefix) + RandomBytes(kCanaryRandomBytes); }

Status CheckCanary(Signer& signer) {
  const std::string canary = MakeCanary();
  ASSIGN_OR_RETURN(const std::string signature, signer.Sign(canary));
  if (signer.key().Verify(canary, signature)) return {};
  return Error{
      ErrorCode::kUntrusted,
      "signing key " + signer.key().KeyId() +
          ": its signature does not verify by its own public half; do not use it, and make "
          "a new one"};
}

Status CheckCanaryToken(const StampKey& stamp, UnixSeconds now) {
  const std::string canary = MakeCanary();
  ASSIGN_OR_RETURN(const std::string token,
                   AnswerTimestampRequest(MakeTimestampRequest(canary), stamp.key,
                                          stamp.certificate, stamp.authority, now));
  const auto time = CheckTimestamp(token, canary, {stamp.certificate, stamp.authority});
  if (time) return {};
  return Wrap("a canary stamped with key " + stamp.key.public_key().KeyId(), time.error());
}

Status AddCertifiedSigner(CertifiedSigner& signer, SignerHealth& health) {
  ASSIGN_OR_RETURN(const Certificate leaf, signer.Leaf());
  health.signers.push_back(&signer.signer());
  health.dated.push_back(DatedCertificate("signing certificate of " + signer.identity().builder_id,
                                          leaf, "look at the CA of its operator"));
  health.dated.back().warning_seconds = 0;  // it is renewed every day
  health.dated.push_back(DatedCertificate(
      "CA " + signer.authority().common_name(), signer.authority(),
      "the operator has to make a new CA and have it listed in the next trust root"));
  return {};
}

void AddStampKey(const StampKey& stamp, SignerHealth& health) {
  health.stamp = &stamp;
  const auto add = [&](const std::string& what, const Certificate& certificate) {
    health.dated.push_back(DatedCertificate(
        what + certificate.common_name(), certificate,
        "make a new one and have it listed in the next trust root, beside the one that ends"));
  };
  add("time stamp certificate ", stamp.certificate);
  add("time stamp authority ", stamp.authority);
}

Status AddRootFile(const std::string& path, SignerHealth& health) {
  auto bytes = ReadFile(path, kTrustRootBytesMax);
  if (!bytes) return Wrap("trust root", bytes.error());
  ASSIGN_OR_RETURN(const TrustRoot root, ParseTrustRoot(*bytes, path));
  health.dated.push_back(
      {"trust root " + path, root.created, root.expires, "put the next root in its place"});
  return {};
}

Status AddTlsCertificate(const std::string& path, SignerHealth& health) {
  auto pem = ReadFile(path, kCertificateFileBytesMax);
  if (!pem) return Wrap("TLS certificate", pem.error());
  auto certificate = Certificate::FromPem(*pem);
  if (!certificate) return Wrap("TLS certificate " + path, certificate.error());
  health.dated.push_back(
      DatedCertificate("TLS certificate " + path, *certificate, "ask your operator for a new one"));
  return {};
}

void AddCosignature(const std::string& note_file, std::string_view name, const PublicKey& key,
                    SignerHealth& health) {
  const auto bytes = ReadFile(note_file, kNoteBytesMax);
  if (!bytes) return;
  // A note that does not read is for whoever needs it to say.
  const auto note = ParseNote(*bytes);
  if (!note) return;
  if (const auto time = CheckCosignature(*note, name, key)) {
    health.foreign_times.push_back({"witness " + std::string(name), *time, true});
  }
}

Status CheckSignerHealth(const SignerHealth& health,
                         const std::function<void(const std::string&)>& warn) {
  std::optional<Error> wrong;
  const auto look = [&](const Status& status) {
    if (status) return;
    wrong = wrong ? Together(*wrong, status.error()) : status.error();
  };
  for (Signer* const signer : health.signers) look(CheckCanary(*signer));
  if (health.stamp != nullptr) look(CheckCanaryToken(*health.stamp, health.now));
  for (const Dated& dated : health.dated) look(CheckDated(dated, health.now, warn));
  for (const ForeignTime& foreign : health.foreign_times) look(CheckClock(foreign, health.now));
  if (wrong) return *wrong;
  return {};
}

}  // namespace farm
