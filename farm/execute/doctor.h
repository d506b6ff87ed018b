// What this machine gives to a build, as `farm-sandbox doctor --json` has tried it out: asked
// before anybody counts on builds here.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/result.h"
#include "farm/execute/execute.h"

namespace farm {

constexpr std::size_t kDoctorBytesMax = 256 << 10;  // two dozen findings have some 5 kB
constexpr std::size_t kDoctorFindingsMax = 256;
constexpr std::chrono::seconds kDoctorTimeout{60};  // it takes a fraction of a second when idle

// One thing that the machine gives or does not give.
struct DoctorFinding {
  std::string name;      // "landlock"
  bool needed = false;   // without it nothing can run; else only something cannot
  bool present = false;  // it holds
  std::string detail;    // what was found
  std::string remedy;    // empty if present, else not
};

struct DoctorAnswer {
  std::vector<DoctorFinding> findings;  // at least one
  bool usable = false;                  // every finding that is needed is present
};

// farm-sandbox-doctor/1 (sandbox/README.md).  Pure.
// Errors: kInternal (the launcher is not the one we know, or contradicts itself).
Result<DoctorAnswer> ParseDoctorAnswer(std::string_view text);

// Asks `setup.launcher`, started as for a build, with the same monitor.  `warn` gets a printable
// line for each finding that does not hold, needed or not: its name, what was found, the remedy.
// Success: all that is needed holds.  Each error names the launcher:
//   kUnavailable exit 30   a needed finding does not hold (all are named, with their remedies), as
//                          cgroup is where setup.require_kernel_limits; the
//                          launcher cannot be started, or does not answer within `timeout`
//   kInternal exit 70      it failed otherwise, or answered something else
Status CheckMachine(const SandboxSetup& setup, const std::function<void(const std::string&)>& warn,
                    std::chrono::seconds timeout = kDoctorTimeout);

}  // namespace farm
