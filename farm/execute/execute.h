// Executor: runs one action, here in the local sandbox; RunPlan runs a whole plan.  Used by a site
// and by a replayer alike.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/result.h"
#include "farm/evidence/facts.h"
#include "farm/evidence/statement.h"
#include "farm/plan/plan.h"
#include "farm/store/blob_store.h"
#include "farm/store/tree.h"

namespace farm {

// Where builds happen on this machine.
struct SandboxSetup {
  std::string launcher;        // farm-sandbox
  std::string check_program;   // a program that takes `identify-tree` (IdentifyTreeMain)
  std::string root_directory;  // exactly one of these two
  std::string root_image;
  int monitor_fd = -1;           // socket of the root monitor; -1: none
  std::uint32_t subid_base = 0;  // with subid_count > 0: a range for a caller that is root
  std::uint32_t subid_count = 0;
  bool require_kernel_limits = false;  // false: `observed` will do
  std::string scratch_directory;       // for results and outputs on their way; must exist
  // Of SandboxUnpacker and UnpackSource; as ExecuteContext's.
  std::function<bool()> cancelled = {};
};

// For SandboxSetup::monitor_fd: the socket of the root monitor that started this program, or -1.
// Errors: kInvalidInput (FARM_SANDBOX_MONITOR_FD is not a number).
Result<int> MonitorDescriptor();

// How an action ended.  Only kSucceeded has outputs.
enum class ActionEnd {
  kSucceeded,
  kFailed,         // the command's exit code or signal, or an output that is not there or not fit
  kPrepareFailed,  // a source could not be unpacked
  kLimit,          // a limit was reached
};

struct ActionResult {
  ActionEnd end = ActionEnd::kFailed;
  int exit_code = -1;  // of the command; -1 if it ended otherwise
  int signal = 0;
  std::string reason;               // for people: "exit code 2", "wall_seconds reached", ...
  std::vector<OutputFile> outputs;  // sorted by path; in the store
  // What the check found after prepare: the unpacked sources and the trees computed here, not what
  // the action expects.  Empty if it did not come so far.
  std::vector<ExpectedTree> trees;
  std::string log_tail;  // the last kLogTailBytes of what was printed
  std::int64_t milliseconds = 0;
  Facts sandbox;                 // the launcher's facts: isolation, limits, root backend, usage
  bool limits_observed = false;  // limits were not the kernel's
};
constexpr std::size_t kLogTailBytes = 8192;

// What happens while a plan runs, for whoever watches.  Called from the thread that runs it.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void ActionStarted(const Action& action, std::size_t number, std::size_t total) = 0;
  virtual void Log(const Action& action, std::string_view bytes) = 0;
  virtual void ActionEnded(const Action& action, const ActionResult& result) = 0;
};
// Ignores everything.
EventSink& NoEvents();

struct ExecuteContext {
  BlobStore& blobs;                 // inputs are there, outputs go there
  std::function<bool()> cancelled;  // asked about ten times a second; may be empty
};

// The local sandbox, or a Remote Execution cluster.  One Execute at a time.
class Executor {
 public:
  virtual ~Executor() = default;
  // A command that fails is a result.  Errors, nothing to be learnt about the build:
  //   kMismatch exit 22      the check refused: a source's tree is not the approved one
  //   kNotFound exit 22      an input is not in the store
  //   kUnavailable exit 30   the sandbox cannot be had here (the remedy is in the message), disk
  //   full kUnavailable exit 26   cancelled kInternal exit 70      the launcher did not answer as
  //   it should
  virtual Result<ActionResult> Execute(const Action& action, const ExecuteContext& context,
                                       EventSink& events) = 0;
};

std::unique_ptr<Executor> NewLocalExecutor(const SandboxSetup& setup);

// What a plan came to.
struct BuildOutcome {
  BuildResult result = BuildResult::kFailed;
  std::vector<Artifact> artifacts;  // sorted by name; empty if failed
  std::vector<ActionTrace> trace;   // of the actions that ran
  std::set<std::string> trees;      // 64 hex: of the sources that were unpacked and identified here
  // What holds for every action that ran, an object of strings and integers: the weakest walls, the
  // usage of all.
  Facts sandbox;
  bool limits_observed = false;  // of any action
  std::string failed_step;       // if failed
  ActionEnd failed_end = ActionEnd::kFailed;
  std::string reason;  // if failed: printable lines, with the end of the log
};

// Runs the actions in order and stops at the first that does not succeed.  Errors: Execute's;
// kInternal (two actions ran in sandboxes that no one line describes: another root or kernel).
Result<BuildOutcome> RunPlan(const Plan& plan, Executor& executor, const ExecuteContext& context,
                             EventSink& events);

// For farm/source, an Unpacker: unpacks a source by prepare and identifies it by the check, in the
// sandbox, with no command.  `blobs` outlives it.  Errors: Execute's; kInvalidInput with the end of
// the log if it cannot be unpacked.
std::function<Result<TreeIdentity>(const ManifestSource&)> SandboxUnpacker(
    const SandboxSetup& setup, BlobStore& blobs);

// Unpacks a source the same way and copies its tree to a place below `directory`, which it makes.
// Returns the tree's path.  Errors: the same.
Result<std::string> UnpackSource(const SandboxSetup& setup, const ManifestSource& source,
                                 BlobStore& blobs, const std::string& directory);

// The check program: `PROGRAM identify-tree PATH...` with descriptor 3 open on /build.  Prints
// "<path> <tree>\n" for each (SHA-256 tree; with --sha1 first "<path> <tree> <sha1>\n").
// Returns the exit status: 22, having printed why, for a path that is not there or that
// CheckTreeAdmissible refuses: whatever made the tree, an archive or a Debian source as much as a
// directory, nobody approves it and no site builds it.  Programs call it when argv[1] is
// "identify-tree".
int IdentifyTreeMain(int argc, char** argv);

}  // namespace farm
