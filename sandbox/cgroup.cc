#include "sandbox/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <string_view>

#include "sandbox/descriptor.h"

namespace sandbox {
namespace {

// Where every system has them: version 2 itself; or a folder for each controller of version 1, and
// version 2 in `unified`.
constexpr const char* kGroups = "/sys/fs/cgroup";

Status Write(const std::string& path, const std::string& text) {
  return WriteControlFile(AT_FDCWD, path.c_str(), text);
}

bool IsVersion2(const std::string& folder) {
  struct statfs place = {};
  return statfs(folder.c_str(), &place) == 0 && place.f_type == CGROUP2_SUPER_MAGIC;
}

// This process's own group of a v1 controller, so that limits of the surroundings stay in force.
std::string OwnGroup(const std::string& controller) {
  char text[4096];
  UniqueFd file(open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC));
  ssize_t size = read(file.get(), text, sizeof text);
  std::string_view groups(text, size < 0 ? 0 : static_cast<std::size_t>(size));
  std::size_t key = groups.find(controller + ":");
  if (key == std::string_view::npos) return "";
  groups.remove_prefix(key + controller.size() + 1);
  return std::string(groups.substr(0, groups.find('\n')));
}

// The groups that ours are to lie in, as in CgroupTree.
std::vector<std::string> Parents(int version) {
  const std::string top = kGroups;
  if (version == 2) return {top};
  std::vector<std::string> parents = {top + "/unified"};
  for (const char* controller : {"memory", "pids", "cpuacct"}) {
    std::string folder = top + "/" + controller;
    std::string own = folder + OwnGroup(controller);
    parents.push_back(access(own.c_str(), F_OK) == 0 ? own : folder);
  }
  if (access(parents.back().c_str(), F_OK) != 0) parents.pop_back();  // without CPU time
  return parents;
}

Status Limit(const std::vector<std::string>& folders, const CgroupLimits& limits) {
  bool v2 = folders.size() == 1;
  const std::string& memory = folders[v2 ? 0 : 1];
  const std::string& pids = folders[v2 ? 0 : 2];
  if (limits.memory_bytes != 0) {
    std::string bytes = std::to_string(limits.memory_bytes);
    Status status = Write(memory + (v2 ? "/memory.max" : "/memory.limit_in_bytes"), bytes);
    if (!status.ok()) return status;
    // Without swap accounting these files do not exist; without swap they mean nothing.
    std::string swap = memory + (v2 ? "/memory.swap.max" : "/memory.memsw.limit_in_bytes");
    if (access(swap.c_str(), F_OK) == 0) status = Write(swap, v2 ? "0" : bytes);
    if (!status.ok()) return status;
  }
  return limits.pids == 0 ? Status() : Write(pids + "/pids.max", std::to_string(limits.pids));
}

}  // namespace

CgroupTree OpenCgroupTree(const std::string& name) {
  CgroupTree tree;
  tree.version = IsVersion2(kGroups) ? 2 : 1;
  const std::vector<std::string> parents = Parents(tree.version);
  if (!IsVersion2(parents[0])) return {0, {}, "cgroup v2 is not mounted"};
  for (const std::string& parent : parents) {
    const std::string folder = parent + "/" + name;
    if (mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
      return {0, {}, SystemError("mkdir " + folder).message()};
    }
    tree.folders.push_back(folder);
  }
  if (tree.version == 1) return tree;
  for (const std::string& parent : {parents[0], tree.folders[0]}) {
    Status enabled = Write(parent + "/cgroup.subtree_control", "+memory +pids");
    if (!enabled.ok()) return {0, {}, enabled.message()};
  }
  return tree;
}

Result<Cgroup> Cgroup::Make(const CgroupTree& tree, const CgroupLimits& limits) {
  if (tree.version == 0) return Status::Failed(tree.why);
  Cgroup group;
  for (const std::string& folder : tree.folders) {
    group.folders_.push_back(folder + "/" + std::to_string(getpid()));
  }
  // What a process of the same number has left, if it was killed.
  group.End();
  Status status;
  for (const std::string& folder : group.folders_) {
    if (status.ok() && mkdir(folder.c_str(), 0755) != 0) status = SystemError("mkdir " + folder);
  }
  if (status.ok()) status = Limit(group.folders_, limits);
  if (status.ok()) return group;
  group.End();
  return status;
}

Status Cgroup::Add(pid_t pid) {
  for (const std::string& folder : folders_) {
    Status status = Write(folder + "/cgroup.procs", std::to_string(pid));
    if (!status.ok()) return status;
  }
  return {};
}

void Cgroup::TakeOut(pid_t pid) {
  for (const std::string& folder : folders_) {
    Status moved = Write(folder + "/../cgroup.procs", std::to_string(pid));
    if (!moved.ok()) continue;  // it is gone
  }
}

// What is empty, or gone, cannot be killed and need not be.
bool Cgroup::End() {
  static_cast<void>(Write(folders_.front() + "/cgroup.kill", "1"));
  bool removed = true;
  for (const std::string& folder : folders_) {
    if (rmdir(folder.c_str()) != 0 && errno != ENOENT) removed = false;
  }
  return removed;
}

}  // namespace sandbox
