// What a person's command looks at before the person's key signs, as every signing daemon does at
// its start (farm/client/start_check.h): the key itself and, where a farm is reached, the clock.
#pragma once

#include <optional>
#include <string>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/cli/output.h"
#include "farm/client/tls.h"
#include "farm/sign/signer.h"

namespace farm {

// Whom the person believes of what a farm shows.
struct OwnTrust {
  std::string root;    // file: whose cosignatures count
  std::string policy;  // file: how many; "": one is enough
};

// A canary; and `clock` is not behind what the witnesses of the log have said, in the newest
// checkpoint that `farm` shows and the person's own root bears out.  (A farm that shows an old one
// says less, never more.)  Where nothing can be compared, that is a warning; where no farm is to be
// reached, nothing is.
// Errors: those of CheckSignerHealth (exit 11, 30).
Status CheckReadyToSign(Signer& signer, const std::optional<Endpoint>& farm, const OwnTrust& trust,
                        const Clock& clock, const Output& output);

}  // namespace farm
