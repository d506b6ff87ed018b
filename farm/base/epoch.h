// Epochs: who asks for farmd says which start of farmd he speaks for, so that one that was replaced
// is refused.  An epoch is the time of that start in seconds (farm/release/ledger.h), and grows.
#pragma once

#include <cstdint>

#include "farm/base/clock.h"
#include "farm/base/result.h"

namespace farm {

constexpr UnixSeconds kEpochAheadSecondsMax = kDaySeconds;  // clocks that are set by hand

// Refuses an epoch of a day to come: remembered, it would lock out every farmd until then.
// Errors: kUntrusted exit 25.
Status CheckEpochHasCome(std::uint64_t epoch, UnixSeconds now);

}  // namespace farm
