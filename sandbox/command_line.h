#pragma once

#include <string>
#include <vector>

#include "sandbox/spec.h"
#include "sandbox/status.h"

namespace sandbox {

constexpr std::size_t kArgumentBytesMax = 64 << 20;  // of --args-fd; a kernel argv is smaller

// What `farm-sandbox run` was asked for.
struct RunRequest {
  Spec spec;
  int result_fd = 2;
};

// Parses the words after "run". Words of --args-fd N, each ended by a NUL, stand in its place.
// The failure names the option. The spec has passed ValidateSpec.
Result<RunRequest> ParseRun(const std::vector<std::string>& words);

// Takes FARM_SANDBOX_MONITOR_FD if it is set and `spec` names no monitor.
Status TakeMonitorFromEnvironment(Spec* spec);

// "BASE:COUNT", BASE > 0.
Result<IdRange> ParseIdRange(const std::string& text);
Result<std::uint64_t> ParseCount(const std::string& option, const std::string& text,
                                 std::uint64_t max);

}  // namespace sandbox
