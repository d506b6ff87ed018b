#pragma once

#include <cstdint>

#include "sandbox/status.h"

namespace sandbox {

// What the files below a folder take, each once, however many names it has.
struct DiskUsage {
  std::uint64_t bytes = 0;
  std::uint64_t inodes = 0;
};

// Walks `path`, not through symlinks nor into other mounts. What goes away meanwhile does not
// count, nor what lies in a folder that is closed to the caller. Errors: a folder deeper than 500
// others, or one that cannot be opened for another reason.
Result<DiskUsage> MeasureDisk(const char* path);

}  // namespace sandbox
