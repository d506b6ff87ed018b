#include "farm/base/clock.h"

#include <array>
#include <cstdio>
#include <ctime>

#include "farm/base/bytes.h"

namespace farm {
namespace {

constexpr UnixSeconds kUnixSecondsMin = -62'167'219'200;  // 0000-01-01T00:00:00Z

class RealClock final : public Clock {
 public:
  UnixSeconds Now() const override { return std::time(nullptr); }
};

// Reads `width` digits at `position`, or -1.
int Digits(std::string_view text, std::size_t position, std::size_t width) {
  int value = 0;
  for (std::size_t i = position; i < position + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// Days since 1970-01-01 in the proleptic Gregorian calendar.
std::int64_t DaysFromCivil(std::int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

}  // namespace

const Clock& SystemClock() {
  static const RealClock clock;
  return clock;
}

std::string FormatTime(UnixSeconds time) {
  const std::time_t value = time;
  std::tm parts{};
  if (time < kUnixSecondsMin || time > kUnixSecondsMax || gmtime_r(&value, &parts) == nullptr) {
    return std::to_string(time) + " s";
  }
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return text.data();
}

Result<UnixSeconds> ParseTime(std::string_view text) {
  const Error bad{ErrorCode::kInvalidInput,
                  "time \"" + Printable(text, 40) + "\" is not like 2026-11-23T23:40:30Z"};
  if (text.size() != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':' || text[19] != 'Z') {
    return bad;
  }
  const auto time = TimeFromCivil(Digits(text, 0, 4), Digits(text, 5, 2), Digits(text, 8, 2),
                                  Digits(text, 11, 2), Digits(text, 14, 2), Digits(text, 17, 2));
  if (!time) return bad;
  return *time;
}

Result<UnixSeconds> TimeFromCivil(int year, int month, int day, int hour, int minute, int second) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (year < 0 || month < 1 || month > 12 || day < 1 ||
      day > kDays[month - 1] + (leap && month == 2 ? 1 : 0) || hour < 0 || hour > 23 ||
      minute < 0 || minute > 59 || second < 0 || second > 59) {
    return Error{ErrorCode::kInvalidInput, "no such time in the calendar"};
  }
  return DaysFromCivil(year, month, day) * kDaySeconds + hour * kHourSeconds +
         minute * kMinuteSeconds + second;
}

}  // namespace farm
