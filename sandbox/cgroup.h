#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "sandbox/status.h"

namespace sandbox {

struct CgroupLimits {
  std::uint64_t memory_bytes = 0;  // 0: none
  std::uint64_t pids = 0;          // 0: none
};

struct CgroupUsage {
  std::int64_t cpu_microseconds = -1;  // -1: this kernel does not say
  std::int64_t memory_bytes_max = -1;
  std::int64_t kills_for_memory = 0;
};

// Where this machine keeps memory and pids controllers.
struct CgroupTree {
  int version = 0;     // 2, 1; 0: none that we can write to
  std::string memory;  // folders that belong to us; with version 2 all are the same
  std::string pids;
  std::string cpuacct;  // may be empty with version 1
  std::string why;      // version 0: the reason
};

// Finds the controllers and makes the folder `name` for our groups; removes dead groups found in
// it. Needs root. v2 if it has both controllers, else v1.
CgroupTree OpenCgroupTree(const std::string& name);

// One group. Its owner calls Kill and then Remove until that succeeds.
class Cgroup {
 public:
  static Result<Cgroup> Make(const CgroupTree& tree, const std::string& name,
                             const CgroupLimits& limits);
  Status Add(pid_t pid);
  // Puts what is in it back where all groups of the tree lie, and removes it.
  void Release();
  CgroupUsage Usage() const;
  void Kill();
  bool Remove();  // false: something in it is still dying

 private:
  Cgroup(CgroupTree tree, std::string name) : tree_(std::move(tree)), name_(std::move(name)) {}
  std::string Path(const std::string& controller) const { return controller + "/" + name_; }

  CgroupTree tree_;
  std::string name_;
};

}  // namespace sandbox
