// The root and the status of tests/vectors that name a monitor.
#pragma once

#include <string_view>

namespace farm {
std::string_view WatchedRoot();
std::string_view WatchedStatus();
}  // namespace farm
