#pragma once

#include <string>

#include "sandbox/spec.h"
#include "sandbox/status.h"

namespace sandbox {

constexpr std::size_t kRemoveDepthMax = 4096;  // as deep as PATH_MAX lets a path be

// Removes the folder `path` and all in it, which may belong to the mapped ids of a sandbox of the
// caller: enters a user namespace with the map that a run with `identity` (its monitor_fd, subids,
// uid and gid) would have. Follows no symlink and enters no other file system.
Status RemoveTree(const Spec& identity, const std::string& path);

enum class OnFailure { kStop, kGoOn };

// The part that works with plain rights: empties the folder open at `directory`. With kGoOn, what
// cannot be removed is left.
Status EmptyDirectory(int directory, OnFailure on_failure);

}  // namespace sandbox
