#pragma once

#include <cstdint>
#include <vector>

#include "sandbox/system.h"

namespace sandbox {

struct CgroupUsage {
  std::int64_t cpu_microseconds = -1;  // -1: this kernel does not say
  std::int64_t memory_bytes_max = -1;
  std::int64_t kills_for_memory = 0;
  std::int64_t refused_processes = 0;  // how often a birth would have passed the limit
};

// Reads a group's files, which everybody may. `folders`: as in CgroupTree; one is of version 2.
CgroupUsage ReadCgroupUsage(const std::vector<UniqueFd>& folders);

}  // namespace sandbox
