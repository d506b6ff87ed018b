#pragma once

#include <cstdint>

namespace sandbox {

// A run of subordinate host ids: inside 0..count-1 is host base..base+count-1.
struct IdRange {
  std::uint32_t base = 0;
  std::uint32_t count = 0;
};

}  // namespace sandbox
