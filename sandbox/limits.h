#pragma once

#include <linux/capability.h>

#include <cstdint>
#include <vector>

#include "sandbox/spec.h"
#include "sandbox/status.h"
#include "sandbox/system.h"

namespace sandbox {

// What the processes of one pid namespace use together at one moment.
struct UsageNow {
  std::int64_t cpu_microseconds = 0;  // of the living and of those they have waited for
  std::int64_t memory_bytes = 0;      // see ScanUsage
  std::int64_t threads = 0;           // of all processes but the first, init
};

// What the files of a stage's tmpfs mounts take; they are memory.
struct TemporaryUsage {
  std::int64_t bytes = 0;
  std::int64_t files = 0;
  bool is_full = false;  // one of them has no room for more bytes, or no more files
};

// Holds /tmp and, where it is one, /build, as they are when it is made: the command of the assembly
// profile can mount something else over them.
class TemporaryFiles {
 public:
  static Result<TemporaryFiles> Open(const Spec& spec);
  TemporaryUsage Measure() const;

 private:
  explicit TemporaryFiles(const Limits& limits) : limits_(limits) {}

  Limits limits_;
  std::vector<UniqueFd> mounts_;
};

// CAP_SYS_PTRACE: what ScanUsage needs to look at the mappings of another user's processes. It is
// enough to have it permitted; it is taken for the look alone.
inline constexpr std::uint64_t kRightToLook = std::uint64_t{1} << CAP_SYS_PTRACE;

// Adds up /proc. `proc` is a descriptor of a /proc of the caller's pid namespace.
// Memory: what is private to each process, and its page tables; System V segments, semaphores and
// messages; the files of the sandbox's tmpfs mounts; and the larger of two numbers: the shared
// memory in use that cannot be these files, which counts for everybody who maps it; and, looked at
// only if `memory_bytes_max` (0: none) may be passed by it, all shared memory without a file that
// is mapped by anybody, once each, used or not. Not seen: what of such memory nobody maps any more
// while a part of it is mapped, and what the kernel keeps in pipes and sockets.
UsageNow ScanUsage(int proc, const TemporaryUsage& temporary, std::int64_t memory_bytes_max);

// Sets this process's rlimits. They are per process (RLIMIT_NPROC: per user of the user namespace),
// which is all that a caller without a cgroup has; with one they are a second wall. Each but
// RLIMIT_FSIZE, whose signal says what it was, leaves room above the limit, so that the limit is
// seen to be passed, and named, and does not only refuse. `memory_is_observed`: no cgroup bounds
// memory, so bound each process's data.
Status SetRlimits(const Spec& spec, bool memory_is_observed);

// The kernel lets nobody pass a descriptor on while more are on their way for his user than he may
// open. A command that is the caller outside can bring that about, as far as its own limit goes. So
// the launcher, which passes them, takes as many as it may have, and SetRlimits gives half at most.
Status RaiseOpenFiles();
// To the usual limit: for a program that the launcher starts.
Status LowerOpenFiles();

}  // namespace sandbox
