#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/file_locks.h"
#include "sandbox/mappings.h"
#include "sandbox/spec.h"
#include "sandbox/status.h"
#include "sandbox/system.h"

namespace sandbox {

// What the processes of one pid namespace use together at one moment.
struct UsageNow {
  std::int64_t cpu_microseconds = 0;  // of the living and of those they have waited for
  std::int64_t memory_bytes = 0;      // see UsageWatch
  std::int64_t threads = 0;           // of all processes but the first, init
  std::int64_t file_locks = 0;        // see FileLocks
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

// Adds up /proc of the caller's pid namespace, as it is when this is made: what is mounted over a
// part of it later is a failure, but over sysvipc, which is held. Memory: what is private to each
// process, and its page tables; System V segments, semaphores and messages; locks of files; the
// files of the sandbox's tmpfs mounts; and the larger of two numbers: the shared memory in use that
// cannot be these files, which counts for everybody who maps it; and, looked at only if
// `memory_bytes_max` (0: none) may be passed by it, all shared memory without a file that is mapped
// by anybody, once each, used or not. Likewise what the kernel keeps of each mapping. What passes
// `memory_bytes_max` is counted again, with pages that several processes have in common shared out
// among them. Not seen: what of shared memory nobody maps any more while a part of it is mapped,
// and what the kernel keeps in pipes, sockets, epoll and open files.
class UsageWatch {
 public:
  // `locks`: see FileLocks.
  static Result<UsageWatch> Open(const Spec& spec, UniqueFd locks, std::int64_t memory_bytes_max);

  // A failure: what is used cannot be seen, so that nobody keeps the limits.
  Result<UsageNow> Look(const TemporaryUsage& temporary);

  // What a look at all processes finds.
  struct Found {
    UsageNow usage;  // memory_bytes: of no process
    std::int64_t shared_bytes = 0;
    std::vector<Process> processes;
  };

 private:
  UsageWatch(FileLocks locks, std::int64_t memory_bytes_max)
      : locks_(std::move(locks)), memory_bytes_max_(memory_bytes_max) {}
  std::int64_t MemoryOf(const Found& found) const;

  UniqueFd proc_;
  UniqueFd ipc_;               // /proc/sysvipc; invalid: this kernel has none
  std::string shared_memory_;  // SharedMemoryDevice
  FileLocks locks_;
  std::int64_t memory_bytes_max_;
};

}  // namespace sandbox
