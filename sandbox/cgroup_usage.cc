#include "sandbox/cgroup_usage.h"

#include <fcntl.h>

#include <cstdlib>

namespace sandbox {
namespace {

constexpr std::size_t kControlFileBytesMax = 65536;

std::string Read(const UniqueFd& folder, const char* name) {
  UniqueFd file(openat(folder.get(), name, O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return "";
  Result<std::string> text = ReadAll(file.get(), kControlFileBytesMax);
  return text.ok() ? *text : "";
}

// "key value" lines; -1 if there is no such key.
std::int64_t Field(const std::string& text, const std::string& key) {
  for (const std::string& line : Split(text, '\n')) {
    if (line.rfind(key + " ", 0) == 0) return std::atoll(line.c_str() + key.size() + 1);
  }
  return -1;
}

std::int64_t Number(const std::string& text) {
  return text.empty() ? -1 : std::atoll(text.c_str());
}

}  // namespace

CgroupUsage ReadCgroupUsage(const std::vector<UniqueFd>& folders) {
  if (folders.empty()) return {};
  if (folders.size() == 1) {
    return {Field(Read(folders[0], "cpu.stat"), "usage_usec"),
            Number(Read(folders[0], "memory.peak")),
            Field(Read(folders[0], "memory.events"), "oom_kill"),
            Field(Read(folders[0], "pids.events"), "max")};
  }
  std::int64_t nanoseconds = folders.size() < 4 ? -1 : Number(Read(folders[3], "cpuacct.usage"));
  return {nanoseconds < 0 ? -1 : nanoseconds / 1000,
          Number(Read(folders[1], "memory.max_usage_in_bytes")),
          Field(Read(folders[1], "memory.oom_control"), "oom_kill"),
          Field(Read(folders[2], "pids.events"), "max")};
}

}  // namespace sandbox
