#pragma once

#include <filesystem>
#include <string>

namespace attacks {

constexpr int kOutputDepthMax = 100;  // folders in folders that whoever removes them can walk

// What of the tree `out` would harm whoever goes on with it; empty: nothing.
// Looked for: anything but files, folders and links that stay inside; set-user-id and set-group-id
// bits; attributes; several names of one file; names that are not plain text; the host's secret as
// content; content that still changes; depth.
std::string FindHarm(const std::filesystem::path& out);

}  // namespace attacks
