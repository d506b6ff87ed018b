#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "sandbox/spec.h"
#include "sandbox/status.h"
#include "sandbox/system.h"

namespace sandbox {

// More locks than this no build has; and the kernel's list takes 70 ms to read then, and four times
// that for twice as many.
constexpr std::int64_t kFileLocksMax = 16384;

// Counts the locks of files that processes of a pid namespace hold or wait for: memory of the
// kernel's that neither a cgroup nor an rlimit bounds. Not seen: what an open file description has
// (F_OFD_SETLK) of a file that is the host's own, and whose taker has ended while another process
// keeps the same table of descriptors.
class FileLocks {
 public:
  // `list`: /proc/locks of that namespace; invalid: this kernel has no locks. Call it when all is
  // mounted.
  static FileLocks Open(const Spec& spec, UniqueFd list);

  // At most kFileLocksMax + 1. What took long is not done again soon, but said again.
  Result<std::int64_t> Count();

  // Of one line of the list.
  bool IsOurs(const std::string& line) const;

 private:
  UniqueFd list_;
  std::vector<dev_t> devices_;  // of file systems that nobody else has
  std::int64_t count_ = 0;
  std::int64_t next_look_ = 0;
};

}  // namespace sandbox
