#include "farm/client/start_check.h"

#include <spdlog/spdlog.h>

#include "farm/sign/doctor.h"

namespace farm {

Status CheckAtStart(const StartCheck& check, const Clock& clock) {
  SignerHealth health{.signers = check.keys, .now = clock.Now()};
  if (check.certified != nullptr) RETURN_IF_ERROR(AddCertifiedSigner(*check.certified, health));
  if (!check.root.empty()) RETURN_IF_ERROR(AddRootFile(check.root, health));
  if (!check.tls_certificate.empty()) {
    RETURN_IF_ERROR(AddTlsCertificate(check.tls_certificate, health));
  }
  for (const StartCheck::Cosigned& cosigned : check.cosigned) {
    AddCosignature(cosigned.note_file, cosigned.witness, cosigned.key, health);
  }
  if (check.foreign_clock) {
    if (const Result<UnixSeconds> time = check.foreign_clock()) {
      health.foreign_times.push_back({check.clock_owner, *time});
    } else {
      spdlog::warn("the clock was compared with nobody's: {}", time.error().message);
    }
  }
  return CheckSignerHealth(health, [](const std::string& line) { spdlog::warn("{}", line); });
}

}  // namespace farm
