#include "sandbox/shown_time.h"

#include <algorithm>

namespace sandbox {
namespace {

constexpr std::int64_t kHalf = kSecond / 2;

}  // namespace

FileTimes::FileTimes(std::int64_t clock, std::int64_t began, std::int64_t span)
    : clock_(clock), began_(began), span_(std::max(span, kSecond)) {}

void FileTimes::Slept(std::int64_t slept, std::int64_t now) {
  std::int64_t steps = slept / kHalf * kHalf;
  std::int64_t last = steps_.empty() ? 0 : steps_.back().slept;
  if (steps > last) steps_.push_back({now, steps});
}

std::int64_t FileTimes::ShownOfToolchain(std::int64_t time) const { return std::min(time, clock_); }

std::int64_t FileTimes::Shown(std::int64_t time, std::int64_t now) const {
  if (time < began_ || time > now) return time;
  auto after = std::upper_bound(steps_.begin(), steps_.end(), time,
                                [](std::int64_t t, const Step& step) { return t < step.from; });
  std::int64_t slept = after == steps_.begin() ? 0 : std::prev(after)->slept;
  // In 128 bits: nanoseconds of a month times half of 1e9.
  __int128 order = static_cast<__int128>(time - began_) * (kHalf - 1) / span_;
  return clock_ + slept + static_cast<std::int64_t>(std::min<__int128>(order, kHalf - 1));
}

}  // namespace sandbox
