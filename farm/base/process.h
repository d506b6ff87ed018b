// Runs one program of this machine and waits for it: apt, mmdebstrap, git, farm-sandbox.
// Builds never run this way; they run in the sandbox.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/result.h"

namespace farm {

struct ProcessSpec {
  std::vector<std::string> argv;         // argv[0] is a path, or a name looked up in PATH
  std::vector<std::string> environment;  // "NAME=value"; nothing else is inherited
  std::string working_directory;         // empty: the caller's
  std::string standard_input;            // handed over whole
  std::chrono::seconds timeout{3600};    // then SIGTERM, after 5 s SIGKILL
  // Descriptors of the caller kept open in the child under the same number; all others are closed.
  std::vector<int> inherited_descriptors;
  // Each piece of standard output (or error) as it arrives; may be empty.
  std::function<void(std::string_view)> on_output;
  std::function<void(std::string_view)> on_error_output;
  // Asked about ten times a second; true ends the program as the timeout does.  May be empty.
  std::function<bool()> cancelled;
};

struct ProcessResult {
  int exit_code = -1;  // -1 if it ended by a signal
  int signal = 0;
  bool timed_out = false;
  bool cancelled = false;
  std::string output;  // at most kProcessOutputBytesMax of each, the rest is dropped
  std::string error_output;
  bool ok() const { return exit_code == 0; }
};

constexpr std::size_t kProcessOutputBytesMax = 16 << 20;  // package lists of apt are the largest

// The program gets a process group of its own and dies with the calling thread.
// Errors: kNotFound (no such program), kUnavailable (no more processes).  A program that fails is
// not an error here: look at the result.
Result<ProcessResult> RunProcess(const ProcessSpec& spec);

// Path of the running program.  CHECKs that /proc is mounted.
std::string OwnProgram();

}  // namespace farm
