#include "sandbox/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/system.h"
#include "sandbox/text.h"

namespace sandbox {
namespace {

constexpr std::size_t kControlFileBytesMax = 1 << 20;

Status Write(const std::string& path, const std::string& text) {
  return WriteControlFile(AT_FDCWD, path.c_str(), text);
}

std::string Read(const std::string& path) {
  Result<std::string> text = ReadFile(path.c_str(), kControlFileBytesMax);
  return text.ok() ? Trim(*text) : "";
}

bool HasWord(const std::string& text, char separator, const std::string& word) {
  for (const std::string& part : Split(text, separator)) {
    if (part == word) return true;
  }
  return false;
}

// Where `controller` of version 1 is mounted, or, if it is empty, version 2. Empty: nowhere.
std::string MountOf(const std::string& controller) {
  for (const std::string& line : Split(Read("/proc/self/mounts"), '\n')) {
    std::vector<std::string> fields = Split(line, ' ');
    if (fields.size() < 4) continue;
    bool version2 = controller.empty() && fields[2] == "cgroup2";
    bool version1 = fields[2] == "cgroup" && HasWord(fields[3], ',', controller);
    if (version2 || version1) return fields[1];
  }
  return "";
}

// This process's own group of a v1 controller, so that limits of the surroundings stay in force.
std::string OwnPath(const std::string& controller) {
  for (const std::string& line : Split(Read("/proc/self/cgroup"), '\n')) {
    std::vector<std::string> fields = Split(line, ':');
    if (fields.size() >= 3 && HasWord(fields[1], ',', controller)) return fields[2];
  }
  return "";
}

Status AddFolder(const std::string& path, CgroupTree* tree) {
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return SystemError("mkdir " + path);
  tree->folders.push_back(path);
  return {};
}

Status AddVersion1(const std::string& name, CgroupTree* tree) {
  for (const char* controller : {"memory", "pids", "cpuacct"}) {
    std::string parent = MountOf(controller);
    if (parent.empty() && tree->folders.size() == 3) break;  // without CPU time
    if (parent.empty()) return Status::Failed(std::string("no controller ") + controller);
    std::string own = parent + OwnPath(controller);
    if (access(own.c_str(), F_OK) == 0) parent = own;
    if (Status status = AddFolder(parent + "/" + name, tree); !status.ok()) return status;
  }
  tree->version = 1;
  return {};
}

Status OpenTree(const std::string& name, CgroupTree* tree) {
  std::string mount = MountOf("");
  if (mount.empty()) return Status::Failed("cgroup v2 is not mounted");
  if (Status status = AddFolder(mount + "/" + name, tree); !status.ok()) return status;
  std::string controllers = Read(mount + "/cgroup.controllers");
  if (!HasWord(controllers, ' ', "memory") || !HasWord(controllers, ' ', "pids")) {
    return AddVersion1(name, tree);
  }
  for (const std::string& parent : {mount, tree->folders[0]}) {
    Status enabled = Write(parent + "/cgroup.subtree_control", "+memory +pids");
    if (!enabled.ok()) return enabled;
  }
  tree->version = 2;
  return {};
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
  Status opened = OpenTree(name, &tree);
  if (!opened.ok()) tree = {0, {}, opened.message()};
  return tree;
}

Result<Cgroup> Cgroup::Make(const CgroupTree& tree, const CgroupLimits& limits) {
  if (tree.version == 0) return Status::Failed(tree.why);
  Cgroup group;
  for (const std::string& folder : tree.folders) {
    group.folders_.push_back(folder + "/" + std::to_string(getpid()));
  }
  // What a process of the same number has left, if it was killed.
  group.Remove();
  Status status;
  for (const std::string& folder : group.folders_) {
    if (status.ok() && mkdir(folder.c_str(), 0755) != 0) status = SystemError("mkdir " + folder);
  }
  if (status.ok()) status = Limit(group.folders_, limits);
  if (status.ok()) return group;
  group.Remove();
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

Status Cgroup::Kill() { return Write(folders_.front() + "/cgroup.kill", "1"); }

bool Cgroup::Remove() {
  bool removed = true;
  for (const std::string& folder : folders_) {
    if (rmdir(folder.c_str()) != 0 && errno != ENOENT) removed = false;
  }
  return removed;
}

}  // namespace sandbox
