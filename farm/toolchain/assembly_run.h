// One program of the assembler in the sandbox's assembly profile: the host's /usr as tools, uid 0
// of a mapped range, no network.  For the files of this folder only.
#pragma once

#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/toolchain/assemble.h"

namespace farm {

struct AssemblyRun {
  std::string work;     // host folder that is /build inside; writable to the mapped root
  std::string view;     // host folder that is seen read-only at `view_at`
  std::string view_at;  // "/mnt" or "/root": must exist in the assembly root
  std::vector<std::string> command;
};

// Success if the command exited 0.  `progress` gets what it writes, a line a time.
// Errors: kMismatch exit 22 (it exited 22), kUnavailable exit 30 (no sandbox here, with the remedy;
// any other end, with its last words), kUnavailable exit 26 (cancelled).
Status RunInAssembly(const AssemblyRun& run, const AssemblySandbox& sandbox,
                     const Progress& progress);

// Removes what may belong to the mapped ids; nothing there is success.  Errors: kUnavailable.
Status RemoveInAssembly(const std::string& path, const AssemblySandbox& sandbox);

}  // namespace farm
