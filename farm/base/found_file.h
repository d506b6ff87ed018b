// Reading files that nobody has named: they were found in a folder, which others may have filled.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "farm/base/result.h"

namespace farm {

// Whether something has that name.
// Errors: kInvalidInput (a link that leads nowhere: somebody meant a file to be there),
// kUnavailable (nobody may look).
Result<bool> IsThere(const std::string& path);

// As ReadFile (files.h), but never waits: what is no regular file, such as a named pipe that nobody
// writes into, is refused.  Follows links.
// Errors: kInvalidInput (no regular file), kNotFound, kLimitExceeded, kUnavailable.
Result<std::string> ReadFoundFile(const std::string& path, std::uint64_t bytes_max);
// As ReadFileInPieces, and under the same rule.
Status ReadFoundFileInPieces(const std::string& path,
                             const std::function<Status(std::string_view)>& sink);

}  // namespace farm
