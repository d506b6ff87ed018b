#pragma once

#include <string>

#include "sandbox/spec.h"
#include "sandbox/status.h"

namespace sandbox {

// Removes the folder `path` and all in it, however deep: a command can go deeper, a folder at a
// time, than any path reaches. What is in it may belong to the mapped ids of a sandbox of the
// caller: enters a user namespace with the map that a run with `identity` (its monitor_fd, subids,
// uid and gid) would have. Follows no symlink and enters no other file system.
Status RemoveTree(const Spec& identity, const std::string& path);

enum class OnFailure { kStop, kGoOn };

// The part that works with plain rights: empties the folder open at `directory`. With kGoOn, what
// cannot be removed is left. Holds kRemoveDepthMax descriptors at most: what lies deeper is moved
// to the top of `directory` first, under another name.
constexpr std::size_t kRemoveDepthMax = 128;
Status EmptyDirectory(int directory, OnFailure on_failure);

}  // namespace sandbox
