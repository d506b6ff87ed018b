#include "farm/gate/start.h"

#include "farm/client/start_check.h"

namespace farm {

Status CheckSigner(const SignerConfig& config, CertifiedSigner& signer, HistoryReader& history,
                   const Clock& clock) {
  const auto witnessed_at = [&]() -> Result<UnixSeconds> {
    ASSIGN_OR_RETURN(const RootAndPolicy read, ReadRootAndPolicy(config.files));
    return history.WitnessedAt({read.root, read.policy.witnesses, {}});
  };
  return CheckAtStart(
      {.certified = &signer,
       .root = config.files.root,
       .tls_certificate = config.tls.certificate,
       .clocks = {{"the witnesses of the log at " + config.log.url, witnessed_at, true}}},
      clock);
}

}  // namespace farm
