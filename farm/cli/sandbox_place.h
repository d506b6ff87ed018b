// Where a command of a person unpacks sources: the sandbox with a root of `farm toolchain build`.
#pragma once

#include <memory>
#include <string>

#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/cli/commands.h"
#include "farm/cli/interruption.h"
#include "farm/execute/execute.h"
#include "farm/toolchain/lock.h"

namespace farm {

// What `farm toolchain build` leaves in its folder.
constexpr const char* kToolchainLockFile = "lock.json";
constexpr const char* kToolchainImageFile = "root.erofs";

struct SandboxPlace {
  std::unique_ptr<Interruption> interruption;  // ends last: what was made is gone by then
  TemporaryDirectory scratch;                  // of this command
  SandboxSetup setup;
};

// Checks that the folder holds the root of `lock`: its lock file, and every byte of the root again
// (FindAssembled).
// As root without a monitor a free range of subordinate ids is used for as long as the command
// runs. Errors: kNotFound exit 22 with the remedy, kMismatch exit 22 (another lock, another root).
Result<SandboxPlace> OpenSandbox(const SandboxArguments& arguments, const Lock& lock);

// The farm-sandbox beside this program, or `launcher` if not empty.  Errors: kNotFound.
Result<std::string> FindLauncher(const std::string& launcher);

struct SubordinateRange {
  std::uint32_t base = 0;
  std::uint32_t count = 0;  // 0: none is needed
};
// A free range for a caller that is root and has no monitor.
Result<SubordinateRange> RangeIfRoot();

}  // namespace farm
