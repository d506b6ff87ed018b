// What farm-signer looks at before it serves anybody.
#pragma once

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/gate/config.h"
#include "farm/gate/history_reader.h"
#include "farm/sign/certified_signer.h"

namespace farm {

// CheckAtStart, with the clocks of the log's witnesses where the log answers: a release that was
// signed before what it speaks of would be refused by every verifier, and be in the log for ever.
// Opens nothing of `state`.  Errors: those of CheckAtStart.
Status CheckSigner(const SignerConfig& config, CertifiedSigner& signer, HistoryReader& history,
                   const Clock& clock);

}  // namespace farm
