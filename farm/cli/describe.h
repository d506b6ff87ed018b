// A manifest in plain words, and what changed between two of them: what an auditor reads.
#pragma once

#include <string>
#include <vector>

#include "farm/manifest/manifest.h"
#include "farm/toolchain/lock.h"

namespace farm {

// One line a fact, in a fixed order: product, sources and their files, toolchain, each step with
// command, environment, inputs, outputs, limits that differ from the defaults, artifacts, demands.
// Everything that the canonical manifest holds: two that differ have different lines.
std::vector<std::string> DescribeManifest(const Manifest& manifest);

// What stands in the way from one description to the other, in their order: lines of `before` that
// are gone ("- ...") or have moved, lines of `after` that are new ("+ ...") or have moved.  As few
// as there can be, unless both are very long.  Empty only if both have the same canonical bytes.
std::vector<std::string> DescribeManifestDifference(const Manifest& before, const Manifest& after);

// "178 packages of bookworm, image sha256:... (535822336 bytes)".
std::string DescribeLock(const Lock& lock);

// The `source { ... }` block of a manifest, as people write it.
std::string SourceText(const ManifestSource& source);

// A command line as a shell would take it.
std::string ShellWords(const std::vector<std::string>& argv);

}  // namespace farm
