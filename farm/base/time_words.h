// Times as people write and read them on a command line.
#pragma once

#include <string>
#include <string_view>

#include "farm/base/clock.h"

namespace farm {

// The time that counts as now: what was given with --at, or the clock's where that is "".
// Errors: kInvalidInput naming --at.
Result<UnixSeconds> AtOrNow(std::string_view at, const Clock& clock);

// "14 days", "1 hour", "90 seconds": in the greatest unit of which it is a whole number.
std::string DurationWords(std::int64_t seconds);

}  // namespace farm
