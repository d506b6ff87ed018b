// What every signing daemon looks at before it serves anybody (farm/sign/doctor.h has the checks
// themselves): one list here, so that no daemon forgets a part of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/crypto/key.h"
#include "farm/sign/certified_signer.h"
#include "farm/sign/doctor.h"
#include "farm/sign/signer.h"

namespace farm {

struct StartCheck {
  std::vector<Signer*> keys = {};        // that sign by themselves; borrowed
  CertifiedSigner* certified = nullptr;  // that signs with leaves of its operator's CA; borrowed
  const StampKey* stamp = nullptr;       // of a time-stamping authority; borrowed
  std::string root = {};                 // file of the trust root; "" where there is none
  std::string tls_certificate = {};      // file; "" where there is none
  // Whose clocks to compare with, and how to ask.  One that does not answer is a warning.
  struct ForeignClock {
    std::string owner = {};  // "the time-stamping authority"
    std::function<Result<UnixSeconds>()> ask = {};
    bool past = false;  // its answer is a time that has been: only a clock behind it is wrong
  };
  std::vector<ForeignClock> clocks = {};
  // Checkpoints that a witness may have cosigned: its time has been there.
  struct Cosigned {
    std::string note_file;
    std::string witness;
    PublicKey key;
  };
  std::vector<Cosigned> cosigned = {};
};

// All that is wrong, each with its remedy; warnings go to the log.
// Errors: those of CheckSignerHealth, and of reading the files.
Status CheckAtStart(const StartCheck& check, const Clock& clock);

}  // namespace farm
