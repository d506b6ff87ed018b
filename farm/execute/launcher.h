// How farm-sandbox is started, the words that it gets for an action, and what its answer means.
// Pure; for this folder, and for tests/fuzz.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "farm/base/process.h"
#include "farm/base/result.h"
#include "farm/execute/execute.h"

namespace farm {

constexpr const char* kMonitorVariable = "FARM_SANDBOX_MONITOR_FD";
constexpr std::size_t kErrorTextMax = 4000;  // of what another program complains about

// `setup.launcher` with `words`, as it is started for whatever it is asked: the same environment,
// and the monitor's socket if there is one.
ProcessSpec LauncherProcess(const SandboxSetup& setup, const std::vector<std::string>& words);

// Why a launcher gave no answer, in its own words if it has any.
std::string LauncherFailure(const ProcessResult& process);

// Everything after `farm-sandbox run --args-fd N`.  `output_directory` is empty for an action
// without outputs.  `expect` is false for finding a tree out (SandboxUnpacker).
struct LauncherRequest {
  const SandboxSetup& setup;
  const Action& action;
  const BlobStore& blobs;
  std::string output_directory;
  bool expect = true;
  int result_fd = -1;
};
std::vector<std::string> LauncherWords(const LauncherRequest& request);

// An output as the launcher collected it.
struct CollectedOutput {
  std::string path;
  std::string type;  // "file", "directory", "symlink"
  bool executable = false;
};

// farm-sandbox-result/1, as far as we look at it.
struct LauncherResult {
  std::string ended;
  std::string stage;
  int exit_code = 0;
  int signal = 0;
  std::string limit;
  std::string message;
  std::string check_output;
  std::int64_t milliseconds = 0;
  bool limits_are_kernel_enforced = false;
  Facts facts;  // strings and integers
  std::vector<CollectedOutput> outputs;
};
// Errors: kInternal (the launcher is not the one we know).
Result<LauncherResult> ParseLauncherResult(std::string_view line);

}  // namespace farm
