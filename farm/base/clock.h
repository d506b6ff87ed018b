// Time comes in as an argument: a Clock, or a time in seconds since 1970-01-01T00:00:00Z.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "farm/base/result.h"

namespace farm {

using UnixSeconds = std::int64_t;
constexpr UnixSeconds kMinuteSeconds = 60;
constexpr UnixSeconds kHourSeconds = 60 * kMinuteSeconds;
constexpr UnixSeconds kDaySeconds = 24 * kHourSeconds;
constexpr UnixSeconds kUnixSecondsMax = 253'402'300'799;  // 9999-12-31T23:59:59Z, RFC 3339's last

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual UnixSeconds Now() const = 0;
};

// The machine's clock; lives as long as the program.
const Clock& SystemClock();

// A clock that tests set.
class FixedClock final : public Clock {
 public:
  explicit FixedClock(UnixSeconds now) : now_(now) {}
  UnixSeconds Now() const override { return now_; }
  void Set(UnixSeconds now) { now_ = now; }

 private:
  UnixSeconds now_;
};

// "2026-11-23T23:40:30Z" (RFC 3339, UTC, no fraction).  A time outside the years 0 to 9999, which
// that form cannot say, is given as its number, "9223372036854775807 s", which ParseTime refuses.
std::string FormatTime(UnixSeconds time);
// Exactly the form FormatTime writes.  Errors: kInvalidInput.
Result<UnixSeconds> ParseTime(std::string_view text);
// From calendar fields, UTC.  Errors: kInvalidInput (month 13, 30 February).
Result<UnixSeconds> TimeFromCivil(int year, int month, int day, int hour, int minute, int second);

}  // namespace farm
