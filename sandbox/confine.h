#pragma once

#include <string>
#include <vector>

#include "sandbox/filter.h"
#include "sandbox/outcome.h"
#include "sandbox/spec.h"
#include "sandbox/status.h"

namespace sandbox {

// The last steps of the process that becomes the command. In this order: session, descriptors,
// rlimits, capabilities, ids, directory, Landlock, a look at every wall from inside, seccomp.
struct Command {
  const std::vector<std::string>& argv;
  const std::string& working_directory;
  int log = -1;                     // becomes stdout and stderr
  bool memory_is_observed = false;  // see SetRlimits
  bool has_range = false;           // whether setgroups is possible
  Stage stage = Stage::kMain;
  std::int64_t began = 0;  // when the run began, nanoseconds since 1970
  int fuse = -1;           // see StartRandomDevice; kFull only
};

// Confines this process and executes the command. Returns only on failure.
// `report_pipe` gets ConfinedText when all walls stand, just before the command; it must be
// close-on-exec, like `release`. The command is executed when a byte comes from `release`. Leaves
// open: 0, 1, 2 and these two.
Status ConfineAndExecute(const Spec& spec, const Filter& filter, const Command& command,
                         int report_pipe, int release);

// The walls that were loaded, as one line: "confined ABI SECCOMP LISTENER COUNTER\n".
struct Confined {
  int landlock_abi = 0;
  std::string seccomp;  // allow-list
  // Of the filter's notifications, a descriptor of the process that is to become the command. -1:
  // the filter notifies of nothing.
  int listener = -1;
  bool counter_is_hidden = false;  // RDTSC faults: not every virtual machine lets it
};
std::string ConfinedText(const Confined& confined);
// Takes that line from the start of `*report`. False: it is not there.
bool TakeConfined(std::string* report, Confined* confined);

// The walls that can be seen from inside; the first one missing is the failure.
Status VerifyWalls(const Spec& spec);

// Drops all capabilities but `keep` from the bounding set, and then from this process all that
// are not in it. The ids are not changed.
Status DropBoundingSet(std::uint64_t keep);

}  // namespace sandbox
