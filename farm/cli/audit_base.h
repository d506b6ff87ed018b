// What an auditor by diff looks at: the manifest that was approved before, and everything that has
// changed since, in recipe, toolchain and the trees themselves.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/cli/inputs.h"
#include "farm/client/farm_client.h"

namespace farm {

// The base as the auditor named it: a manifest's file (its lock is looked for above it), a digest
// "sha256:...", which the farm is asked for, or "": the product's last approved one at the farm.
// farm: null where there is none to ask.
// Errors: those of ReadManifestFile and LastApprovedManifest; kInvalidInput (a farm is needed);
// kMismatch exit 14 (of another product), exit 2 (the same manifest: nothing differs).
Result<ReadManifest> ReadBase(const std::string& named, const ReadManifest& now, FarmClient* farm);

// Recipe and toolchain, line by line: DescribeManifestDifference, then
// "toolchain: " and each line of DescribeLockDifference.
std::vector<std::string> DescribeChanges(const ReadManifest& base, const ReadManifest& now);

// Unpacks a source below a directory that it makes; its tree's path.
using TreeUnpacker =
    std::function<Result<std::string>(const ManifestSource& source, const std::string& directory)>;

// The files that differ between the trees of each source with another tree than before:
// "source dropbear: M svr-main.c" (A added, D deleted, M changed in bytes or mode, T in kind).
// All files of a source that is new; none of one that is gone, which DescribeChanges tells.
// Both trees are compared with what their manifests say.
// Errors: the unpacker's; kMismatch exit 22 (another tree); git's.
Result<std::vector<std::string>> ChangedFiles(const ReadManifest& base, const ReadManifest& now,
                                              const TreeUnpacker& unpack);

}  // namespace farm
