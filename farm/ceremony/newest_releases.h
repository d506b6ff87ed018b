// Which release of each product in a published tree is the newest.  Private to this folder.
#pragma once

#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/evidence/trust_root.h"
#include "farm/verify/policy.h"

namespace farm {

struct JudgedRelease {
  std::string product;
  std::int64_t sequence = 0;
  std::string bundle_file;  // as it stands beside its files
};

struct NewestReleases {
  std::vector<JudgedRelease> releases;  // by product; of one with no release that serves: none
  std::vector<std::string> warnings;    // a status.json that does not count
};

// Judges the newest of each that is not withdrawn by `root`, the tree's status.json and what
// `policy` demands of a bundle, with the files beside it.
// Errors: those of the verdict; kUntrusted exit 24 (newest.sigstore.jsonl is of a newer release
// than any that is there, and not withdrawn); kInvalidInput (a bundle or status that does not
// read); kUnavailable.
Result<NewestReleases> FindNewestReleases(const std::string& directory, const TrustRoot& root,
                                          const Policy& policy, UnixSeconds now);

}  // namespace farm
