#include "sandbox/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

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
  return text.ok() ? *text : "";
}

// "key value" lines; -1 if there is no such key.
std::int64_t Field(const std::string& text, const std::string& key) {
  for (const std::string& line : Split(text, '\n')) {
    if (line.rfind(key + " ", 0) == 0) return std::atoll(line.c_str() + key.size() + 1);
  }
  return -1;
}

bool HasWord(const std::string& text, char separator, const std::string& word) {
  for (const std::string& part : Split(text, separator)) {
    if (part == word) return true;
  }
  return false;
}

// This process's own group of a v1 controller, so that limits of the surroundings stay in force.
std::string OwnPath(const std::string& controller) {
  for (const std::string& line : Split(Read("/proc/self/cgroup"), '\n')) {
    std::vector<std::string> fields = Split(line, ':');
    if (fields.size() >= 3 && HasWord(fields[1], ',', controller)) return fields[2];
  }
  return "";
}

struct Mounts {
  std::string v2, memory, pids, cpuacct;
};

Mounts FindMounts() {
  Mounts mounts;
  for (const std::string& line : Split(Read("/proc/self/mounts"), '\n')) {
    std::vector<std::string> fields = Split(line, ' ');
    if (fields.size() < 4) continue;
    if (fields[2] == "cgroup2") mounts.v2 = fields[1];
    if (fields[2] != "cgroup") continue;
    struct Row {
      const char* controller;
      std::string* place;
    };
    for (Row row : {Row{"memory", &mounts.memory}, Row{"pids", &mounts.pids},
                    Row{"cpuacct", &mounts.cpuacct}}) {
      if (HasWord(fields[3], ',', row.controller)) *row.place = fields[1];
    }
  }
  return mounts;
}

Status MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return SystemError("mkdir " + path);
  return {};
}

// Groups that a monitor which was killed has left; a group in use cannot be removed.
void RemoveDead(const std::string& path) {
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return;
  while (dirent* entry = readdir(directory)) {
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') {
      unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR);
    }
  }
  closedir(directory);
}

Status OpenVersion2(const std::string& mount, const std::string& name, CgroupTree* tree) {
  std::string controllers = Trim(Read(mount + "/cgroup.controllers"));
  for (const char* controller : {"memory", "pids"}) {
    if (!HasWord(controllers, ' ', controller)) {
      return Status::Failed(std::string("no ") + controller + " controller in " + mount);
    }
  }
  std::string path = mount + "/" + name;
  for (const std::string& parent : {mount, path}) {
    if (Status status = MakeDirectory(path); !status.ok()) return status;
    Status enabled = Write(parent + "/cgroup.subtree_control", "+memory +pids");
    if (!enabled.ok()) return enabled;
  }
  tree->version = 2;
  tree->memory = tree->pids = tree->cpuacct = path;
  return {};
}

Status OpenVersion1(const Mounts& mounts, const std::string& name, CgroupTree* tree) {
  struct Row {
    const char* controller;
    const std::string& mount;
    std::string* place;
    bool needed;
  };
  for (Row row : {Row{"memory", mounts.memory, &tree->memory, true},
                  Row{"pids", mounts.pids, &tree->pids, true},
                  Row{"cpuacct", mounts.cpuacct, &tree->cpuacct, false}}) {
    if (row.mount.empty()) {
      if (!row.needed) continue;
      return Status::Failed(std::string("no ") + row.controller + " controller is mounted");
    }
    std::string parent = row.mount + OwnPath(row.controller);
    struct stat status = {};
    if (stat(parent.c_str(), &status) != 0) parent = row.mount;
    *row.place = parent + (parent.back() == '/' ? "" : "/") + name;
    if (Status made = MakeDirectory(*row.place); !made.ok()) return made;
  }
  tree->version = 1;
  return {};
}

}  // namespace

CgroupTree OpenCgroupTree(const std::string& name) {
  Mounts mounts = FindMounts();
  CgroupTree tree;
  Status version2 = mounts.v2.empty() ? Status::Failed("cgroup v2 is not mounted")
                                      : OpenVersion2(mounts.v2, name, &tree);
  if (version2.ok()) {
    RemoveDead(tree.memory);
    return tree;
  }
  tree = {};
  Status version1 = OpenVersion1(mounts, name, &tree);
  if (version1.ok()) {
    for (const std::string& path : {tree.memory, tree.pids, tree.cpuacct}) RemoveDead(path);
    return tree;
  }
  tree = {};
  tree.why = version2.message() + "; " + version1.message();
  return tree;
}

Result<Cgroup> Cgroup::Make(const CgroupTree& tree, const std::string& name,
                            const CgroupLimits& limits) {
  if (tree.version == 0) return Status::Failed(tree.why);
  Cgroup group(tree, name);
  bool v2 = tree.version == 2;
  for (const std::string& path : {tree.memory, tree.pids, tree.cpuacct}) {
    if (path.empty()) continue;
    if (Status status = MakeDirectory(group.Path(path)); !status.ok()) {
      group.Remove();
      return status;
    }
  }
  std::string memory = group.Path(tree.memory);
  Status status;
  if (limits.memory_bytes != 0) {
    std::string bytes = std::to_string(limits.memory_bytes);
    status = Write(memory + (v2 ? "/memory.max" : "/memory.limit_in_bytes"), bytes);
    // Without swap accounting these files do not exist; without swap they mean nothing.
    std::string swap = memory + (v2 ? "/memory.swap.max" : "/memory.memsw.limit_in_bytes");
    if (status.ok() && access(swap.c_str(), F_OK) == 0) status = Write(swap, v2 ? "0" : bytes);
  }
  if (status.ok() && limits.pids != 0) {
    status = Write(group.Path(tree.pids) + "/pids.max", std::to_string(limits.pids));
  }
  if (!status.ok()) {
    group.Remove();
    return status;
  }
  return group;
}

Status Cgroup::Add(pid_t pid) {
  for (const std::string& path : {tree_.memory, tree_.pids, tree_.cpuacct}) {
    if (path.empty()) continue;
    Status status = Write(Path(path) + "/cgroup.procs", std::to_string(pid));
    if (!status.ok()) return status;
  }
  return {};
}

void Cgroup::Release() {
  for (const std::string& path : {tree_.memory, tree_.pids, tree_.cpuacct}) {
    if (path.empty()) continue;
    std::string above = path.substr(0, path.rfind('/'));
    for (const std::string& pid : Split(Read(Path(path) + "/cgroup.procs"), '\n')) {
      if (pid.empty()) continue;
      Status moved = Write(above + "/cgroup.procs", pid);
      if (!moved.ok()) continue;  // it is gone
    }
  }
  Remove();
}

CgroupUsage Cgroup::Usage() const {
  CgroupUsage usage;
  std::string memory = Path(tree_.memory);
  auto number = [](const std::string& text) {
    return text.empty() ? std::int64_t{-1} : std::int64_t{std::atoll(text.c_str())};
  };
  if (tree_.version == 2) {
    usage.cpu_microseconds = Field(Read(memory + "/cpu.stat"), "usage_usec");
    usage.memory_bytes_max = number(Read(memory + "/memory.peak"));
    usage.kills_for_memory = Field(Read(memory + "/memory.events"), "oom_kill");
  } else {
    std::int64_t nanoseconds =
        tree_.cpuacct.empty() ? -1 : number(Read(Path(tree_.cpuacct) + "/cpuacct.usage"));
    usage.cpu_microseconds = nanoseconds < 0 ? -1 : nanoseconds / 1000;
    usage.memory_bytes_max = number(Read(memory + "/memory.max_usage_in_bytes"));
    usage.kills_for_memory = Field(Read(memory + "/memory.oom_control"), "oom_kill");
  }
  return usage;
}

void Cgroup::Kill() {
  std::string path = Path(tree_.pids);
  if (tree_.version == 2 && Write(path + "/cgroup.kill", "1").ok()) return;
  for (const std::string& line : Split(Read(path + "/cgroup.procs"), '\n')) {
    pid_t pid = std::atoi(line.c_str());
    if (pid > 0) kill(pid, SIGKILL);
  }
}

bool Cgroup::Remove() {
  bool removed = true;
  for (const std::string& path : {tree_.memory, tree_.pids, tree_.cpuacct}) {
    if (path.empty()) continue;
    if (rmdir(Path(path).c_str()) != 0 && errno != ENOENT) removed = false;
  }
  return removed;
}

}  // namespace sandbox
