#include "sandbox/inspect.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "sandbox/layers.h"
#include "sandbox/system.h"
#include "sandbox/text.h"

namespace sandbox {

Status VerifyNamespaces(pid_t pid) {
  if (LeftOut(Layer::kVerifyNamespaces)) return {};
  for (const char* name : {"user", "mnt", "net", "ipc", "uts", "time_for_children"}) {
    struct stat ours = {};
    struct stat theirs = {};
    std::string path = "/proc/" + std::to_string(pid) + "/ns/" + name;
    if (stat((std::string("/proc/self/ns/") + name).c_str(), &ours) != 0 ||
        stat(path.c_str(), &theirs) != 0) {
      return SystemError("looking at the namespaces");
    }
    if (ours.st_ino == theirs.st_ino) {
      return Status::Failed(std::string("a wall is missing: ") + name + " namespace");
    }
  }
  return {};
}

Status VerifyCgroupNamespace(const std::string& cgroups) {
  bool any = false;
  for (const std::string& line : Split(cgroups, '\n')) {
    if (Trim(line).empty()) continue;
    // "0::/", or "4:memory:/" where there are hierarchies of version 1.
    std::size_t path = line.find(":/");
    if (path == std::string::npos || line.substr(path) != ":/") {
      return Status::Failed("a wall is missing: cgroup namespace");
    }
    any = true;
  }
  return any ? Status() : Status::Failed("no cgroup is named");
}

Status VerifyProcMounts(const std::string& mounts, int own) {
  int found = 0;
  bool is_on_tmp = false;
  for (const std::string& line : Split(mounts, '\n')) {
    // The place is field 5; the kind follows the first field that is "-" (proc(5)).
    std::size_t kind = line.find(" - ");
    std::vector<std::string> fields = Split(line, ' ');
    if (kind == std::string::npos || fields.size() < 5 || line.compare(kind, 8, " - proc ") != 0) {
      continue;
    }
    const std::string& place = fields[4];
    is_on_tmp = is_on_tmp || place == "/tmp" || place.rfind("/tmp/", 0) == 0;
    if (place == "/proc") ++found;
  }
  return found == own && !is_on_tmp
             ? Status()
             : Status::Failed("another /proc than the sandbox's own is mounted");
}

Status VerifyIdMap(const std::string& map) {
  bool any = false;
  for (const std::string& line : Split(map, '\n')) {
    if (Trim(line).empty()) continue;
    unsigned long long inside = 0, outside = 0, count = 0;
    if (std::sscanf(line.c_str(), "%llu %llu %llu", &inside, &outside, &count) != 3) {
      return Status::Failed("malformed id map");
    }
    if (outside == 0) return Status::Failed("a wall is missing: host uid 0 is mapped");
    any = true;
  }
  return any ? Status() : Status::Failed("no id is mapped");
}

Processor ParseProcessor(const std::string& cpuinfo) {
  Processor processor;
  for (const std::string& line : Split(cpuinfo, '\n')) {
    if (line.empty()) break;  // the next one
    std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string key = Trim(line.substr(0, colon));
    std::string value = Trim(line.substr(colon + 1));
    if (key == "model name") processor.model = value;
    if (key != "flags" && key != "Features") continue;
    std::vector<std::string> flags = Split(value, ' ');
    std::sort(flags.begin(), flags.end());
    for (const std::string& flag : flags) {
      processor.flags += (processor.flags.empty() ? "" : " ") + flag;
    }
  }
  return processor;
}

Processor FirstProcessor() {
  // The kernel gives whole processors at a time; a machine may have hundreds.
  UniqueFd file(open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC));
  char text[16384];
  ssize_t size = file.valid() ? read(file.get(), text, sizeof text) : 0;
  return ParseProcessor(std::string(text, size > 0 ? static_cast<std::size_t>(size) : 0));
}

}  // namespace sandbox
