#include "farm/base/epoch.h"

#include <algorithm>
#include <string>

namespace farm {

Status CheckEpochHasCome(std::uint64_t epoch, UnixSeconds now) {
  const UnixSeconds last = std::max<UnixSeconds>(0, now) + kEpochAheadSecondsMax;
  if (epoch <= static_cast<std::uint64_t>(last)) return {};
  return Error{ErrorCode::kUntrusted,
               "epoch " + std::to_string(epoch) + " is more than a day after " + FormatTime(now) +
                   ", which is now here: set the clocks right",
               ExitCode::kRefused};
}

}  // namespace farm
