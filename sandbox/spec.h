#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/determinism.h"
#include "sandbox/id_range.h"
#include "sandbox/status.h"

namespace sandbox {

// How strict the walls are.
enum class Profile {
  kBuild,     // zero capabilities, system call allow-list, Landlock, the given root read-only
  kAssembly,  // mapped root with capabilities inside its user namespace; for mmdebstrap, mkfs.erofs
};

// A host file copied into the work directory before anything starts, owned by the inside user.
struct Input {
  std::string host_file;
  std::string inside_path;  // relative to /build, normal form
  mode_t mode = 0644;
  std::int64_t mtime_seconds = 0;
};

// A read-only view of a host path.
struct Bind {
  std::string host_path;
  std::string inside_path;  // absolute, normal form
};

// A program of the host that judges the work directory between prepare and main.
struct Check {
  std::vector<std::string> argv;  // empty: no check
  std::string directory;          // relative to /build, normal form; "." is /build itself
  bool has_expected = false;
  std::string expected;
};

// With less than this of memory our own processes do not start.
constexpr std::uint64_t kMemoryBytesMin = 4 << 20;

// What a run may use. Zero means: no limit of this kind.
struct Limits {
  std::uint64_t wall_seconds = 7200;
  std::uint64_t cpu_seconds = 28800;
  std::uint64_t memory_bytes = std::uint64_t{4} << 30;
  std::uint64_t pids = 4096;
  std::uint64_t disk_bytes = std::uint64_t{8} << 30;
  std::uint64_t disk_inodes = 1000000;
  std::uint64_t log_bytes = 64 << 20;
  std::uint64_t output_bytes = std::uint64_t{4} << 30;
  std::uint64_t silence_seconds = 1800;
  bool require_kernel = false;  // fail closed where memory and pids are not the kernel's
};

// One run: everything the launcher needs to know. Valid once ValidateSpec has passed it.
struct Spec {
  std::vector<std::string> argv;  // empty: prepare, check and collect only
  std::vector<std::string> prepare_argv;
  Check check;
  Profile profile = Profile::kBuild;

  std::string root_directory;  // exactly one of these two; neither with kAssembly
  std::string root_image;
  std::string work_directory;  // empty: a tmpfs
  std::vector<Input> inputs;
  std::vector<Bind> binds;
  std::vector<std::string> environment;  // NAME=VALUE
  std::string working_directory = "/build";
  std::uint32_t uid = 1000;
  std::uint32_t gid = 1000;
  std::string hostname = "sandbox";
  mode_t umask = 022;
  bool loopback = false;
  Determinism determinism = Determinism::kOff;
  std::int64_t clock_seconds = -1;  // what the clock begins with, since 1970; kFull only

  std::vector<std::string> outputs;  // relative to /build, normal form
  std::string output_directory;      // host
  Limits limits;

  int monitor_fd = -1;  // -1: none
  IdRange subids;       // only for a caller that is root and has no monitor
  int log_fd = 1;
  // Only the test launcher sets this: a test inside Bazel's sandbox, started by root, has no other
  // uid than 0 to give away.
  bool allow_host_root_unsafe = false;
};

// "/build/a/b" -> "a/b", "/build" -> ".". Refuses anything not below /build, "..", ".", empty
// parts.
Result<std::string> BelowBuild(const std::string& path);
// An absolute path without empty, "." and ".." parts.
bool IsNormalAbsolute(const std::string& path);

// Refuses a spec that contradicts itself. The message names the option.
Status ValidateSpec(const Spec& spec);

}  // namespace sandbox
