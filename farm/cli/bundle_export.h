// The lines of a bundle as plain files that a person checks with openssl alone: what was signed,
// the signature, the key or certificate, the time stamp, the authorities of a trust root, the
// checkpoint; and a README with the commands.  Nothing is judged.
#pragma once

#include <string>
#include <vector>

#include "farm/evidence/bundle.h"
#include "farm/evidence/trust_root.h"

namespace farm {

// A file below the folder; its name may have one slash.
struct ExportedFile {
  std::string name;
  std::string bytes;
};

// All files, README first.  A line of a party, time stamp authority, log or witness that `root`
// does not know lacks the files of it, and README says so.
std::vector<ExportedFile> ExportBundle(const std::vector<Bundle>& lines, const TrustRoot& root);

}  // namespace farm
