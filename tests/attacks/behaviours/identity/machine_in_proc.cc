// Learns from /proc what machine this is: anything but what a build's tools read there.
#include <dirent.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

namespace {

constexpr const char* kHarmless[] = {".",       "..",          "cpuinfo", "filesystems", "loadavg",
                                     "meminfo", "mounts",      "net",     "self",        "stat",
                                     "sysvipc", "thread-self", "uptime",  "version"};

bool IsHarmless(const dirent& entry) {
  if (entry.d_name[0] >= '0' && entry.d_name[0] <= '9') return true;
  for (const char* name : kHarmless) {
    if (std::strcmp(entry.d_name, name) == 0) return true;
  }
  return false;
}

// Whether there is something in it: a folder with entries, a file with bytes. What nobody may open
// says nothing.
bool SaysSomething(const std::string& path) {
  if (DIR* folder = opendir(path.c_str()); folder != nullptr) {
    int entries = 0;
    while (readdir(folder) != nullptr) ++entries;
    closedir(folder);
    return entries > 2;
  }
  int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return false;
  char byte;
  bool says = read(fd, &byte, 1) == 1;
  close(fd);
  return says;
}

}  // namespace

int main() {
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return behaviour::MissingByKernel("/proc");
  int seen = 0;
  while (const dirent* entry = readdir(proc)) {
    ++seen;
    const std::string path = std::string("/proc/") + entry->d_name;
    if (!IsHarmless(*entry) && SaysSomething(path)) return behaviour::Allowed(path.c_str());
  }
  closedir(proc);
  return seen > 10 ? behaviour::Refused("/proc", "nothing but processes and what tools read")
                   : behaviour::Missing("/proc");
}
