// Time comes in as an argument: a Clock, or a time in seconds since 1970-01-01T00:00:00Z.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "farm/base/result.h"

namespace farm {

using UnixSeconds = std::int64_t;

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

// "2026-11-23T23:40:30Z" (RFC 3339, UTC, no fraction).
std::string FormatTime(UnixSeconds time);
// Exactly the form FormatTime writes.  Errors: kInvalidInput.
Result<UnixSeconds> ParseTime(std::string_view text);
// From calendar fields, UTC.  Errors: kInvalidInput (month 13, 30 February).
Result<UnixSeconds> TimeFromCivil(int year, int month, int day, int hour, int minute, int second);

}  // namespace farm
