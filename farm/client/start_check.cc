#include "farm/client/start_check.h"

#include <spdlog/spdlog.h>

namespace farm {

Status CheckAtStart(const StartCheck& check, const Clock& clock) {
  SignerHealth health{.signers = check.keys, .now = clock.Now()};
  if (check.certified != nullptr) RETURN_IF_ERROR(AddCertifiedSigner(*check.certified, health));
  if (check.stamp != nullptr) AddStampKey(*check.stamp, health);
  if (!check.root.empty()) RETURN_IF_ERROR(AddRootFile(check.root, health));
  if (!check.tls_certificate.empty()) {
    RETURN_IF_ERROR(AddTlsCertificate(check.tls_certificate, health));
  }
  for (const StartCheck::Cosigned& cosigned : check.cosigned) {
    AddCosignature(cosigned.note_file, cosigned.witness, cosigned.key, health);
  }
  for (const StartCheck::ForeignClock& clock_of : check.clocks) {
    if (const Result<UnixSeconds> time = clock_of.ask()) {
      health.foreign_times.push_back({clock_of.owner, *time, clock_of.past});
    } else {
      spdlog::warn("the clock was not compared with what {} says: {}", clock_of.owner,
                   time.error().message);
    }
  }
  return CheckSignerHealth(health, [](const std::string& line) { spdlog::warn("{}", line); });
}

}  // namespace farm
