// The manifest that an auditor compares a new one with: the product's last approved one at a farm.
#pragma once

#include <string>

#include "farm/base/result.h"
#include "farm/cli/inputs.h"
#include "farm/client/farm_client.h"
#include "farm/manifest/manifest.h"

namespace farm {

struct ApprovedManifest {
  Manifest manifest;
  std::string release_id;
};

// Of the farm's releases of this product, the newest with another manifest that has been approved:
// it has been released, or as many auditors have approved it as the farm's rules ask for.
// At most kReleasesLookedAtMax releases are looked at.
// Errors: kNotFound (there is none), those of FarmClient, kMismatch (farmd sent other bytes).
Result<ApprovedManifest> LastApprovedManifest(FarmClient& farm, const ReadManifest& now);
// A manifest and its lock, by the manifest's digest; path and text are empty.
// Errors: those of FarmClient (kNotFound: the farm has it not), kMismatch, kInvalidInput.
Result<ReadManifest> FetchReadManifest(FarmClient& farm, const Digest& digest);
constexpr std::size_t kReleasesLookedAtMax = 100;  // each costs two calls

}  // namespace farm
