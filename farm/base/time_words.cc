#include "farm/base/time_words.h"

#include "farm/base/amount.h"

namespace farm {

Result<UnixSeconds> AtOrNow(std::string_view at, const Clock& clock) {
  if (at.empty()) return clock.Now();
  const Result<UnixSeconds> time = ParseTime(at);
  if (!time) return Wrap("--at", time.error());
  return *time;
}

std::string DurationWords(std::int64_t seconds) {
  constexpr struct {
    std::int64_t seconds;
    const char* name;
  } kUnits[] = {{kDaySeconds, "day"}, {kHourSeconds, "hour"}, {1, "second"}};
  for (const auto& unit : kUnits) {
    if (seconds % unit.seconds != 0 || (seconds == 0 && unit.seconds != 1)) continue;
    return Amount(seconds / unit.seconds, unit.name);
  }
  CHECK(false);
}

}  // namespace farm
