// The share of a long test that a run takes.
#pragma once

#include <cstdlib>

#include "farm/base/bytes.h"
#include "farm/base/result.h"

namespace farm {

constexpr std::size_t kEveryMax = 1'000'000;

// FARM_EVERY says every how-many-th of a long test's cases is judged, in a fixed order; without it
// all are.  It stops the program where it is no number from 1 to a million.
inline std::size_t EveryHowMany() {
  const char* const every = std::getenv("FARM_EVERY");
  if (every == nullptr) return 1;
  const auto number = ParseDecimal(every, kEveryMax);
  CHECK(number.has_value() && *number > 0);
  return static_cast<std::size_t>(*number);
}

}  // namespace farm
