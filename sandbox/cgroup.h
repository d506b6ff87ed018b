#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/status.h"

namespace sandbox {

struct CgroupLimits {
  std::uint64_t memory_bytes = 0;  // 0: none
  std::uint64_t pids = 0;          // 0: none
};

// Where this machine keeps memory and pids controllers: version 2, which also ends all that is in a
// group at once, or version 2 for that and version 1 for the controllers.
struct CgroupTree {
  int version = 0;  // of the controllers: 2, 1; 0: none that we can write to
  // Our folders: of version 2; then, with version 1, of memory, pids and, where it is, cpuacct.
  std::vector<std::string> folders;
  std::string why;  // version 0: the reason
};

constexpr const char* kCgroupName = "farm-sandbox";

// Finds the controllers and makes the folder `name` for our groups. Needs root.
CgroupTree OpenCgroupTree(const std::string& name);

// One group, called by the number of the process that made it, which makes one only. Its owner
// calls End until that succeeds.
class Cgroup {
 public:
  static Result<Cgroup> Make(const CgroupTree& tree, const CgroupLimits& limits);
  Status Add(pid_t pid);
  void TakeOut(pid_t pid);  // to where all groups of the tree lie
  bool End();               // kills all in it and removes it; false: something in it is still dying
  const std::vector<std::string>& folders() const { return folders_; }

 private:
  std::vector<std::string> folders_;  // as in CgroupTree
};

}  // namespace sandbox
