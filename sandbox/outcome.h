#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/spec.h"

namespace sandbox {

enum class Stage { kSetup, kPrepare, kCheck, kMain, kCollect };

// How a run ended. Everything but kExited with exit code 0 in the last stage is a failure.
enum class Ended {
  kExited,         // `exit_code` of the command of `stage`
  kSignaled,       // by `signal`
  kLimit,          // `limit` was reached and all was killed
  kCheckRefused,   // the check failed or printed another text
  kOutputMissing,  // `message` names it
  kOutputRefused,  // `message` names it and says why
  kCancelled,      // SIGTERM, SIGINT or SIGHUP
  kError,          // could not be set up; `message` has the remedy
};

// Why a run ended with kError.
enum class Cause {
  kMachine,   // the kernel, the monitor or the disk does not give what was asked for
  kMissing,   // a file, folder or program that was named is not there
  kInternal,  // our own processes did not answer each other as they should
};

struct Usage {
  std::int64_t wall_milliseconds = 0;
  std::int64_t cpu_milliseconds = 0;
  std::int64_t memory_bytes_max = 0;
  std::int64_t log_bytes = 0;
};

// What was in force, as whoever put it there has reported; "none" and 0: the run did not come so
// far.
struct Isolation {
  std::string root_backend = "none";          // image | directory | assembler | none
  std::string uid_map = "none";               // range | single | none
  int landlock_abi = 0;                       // of the domain that the command ran in
  std::string seccomp = "none";               // allow-list | none
  std::string determinism = "off";            // off | fixed | full
  std::string processor_counter = "visible";  // hidden | visible: RDTSC, under full
  std::string kernel;
  std::string cgroup = "none";  // v1 | v2 | none
  // As /proc/cpuinfo says of the first processor: what a program may choose its code by.
  std::string cpu_model;
  std::string cpu_flags;  // sorted, one space between two
};

struct Output {
  std::string path;  // relative to /build
  std::string type;  // file | directory | symlink
  std::uint32_t mode = 0;
  std::int64_t size = 0;
};

struct Outcome {
  Ended ended = Ended::kError;
  Cause cause = Cause::kInternal;  // of kError
  Stage stage = Stage::kSetup;
  int exit_code = 0;
  int signal = 0;
  std::string limit;  // wall cpu memory pids disk log output silence
  std::string message;
  std::string check_output;
  Usage usage;
  bool limits_are_kernel_enforced = false;
  bool disk_is_kernel_enforced = false;
  Limits limits;
  Isolation isolation;
  std::vector<Output> outputs;
};

// farm-sandbox-result/1: one line of ASCII JSON, with its newline. See README.md.
std::string ToJson(const Outcome& outcome);

// 0, 40, 26, or for kError 30, 22, 70 by its cause: what the launcher exits with.
int ExitCode(const Outcome& outcome);

}  // namespace sandbox
