#include "sandbox/limits.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "sandbox/layers.h"
#include "sandbox/system.h"

namespace sandbox {
namespace {

constexpr rlim_t kOpenFilesSoft = 1024;
constexpr rlim_t kOpenFilesHard = 65536;
// Not 0: with a core_pattern that starts a program, the kernel starts it, as the host's root, for 0
// as well; 1 is the value by which it does not (core(5)), and too small for a file.
constexpr rlim_t kNoCore = 1;
constexpr rlim_t kStackBytes = 8 << 20;
constexpr rlim_t kLockedBytes = 8 << 20;
constexpr rlim_t kMessageQueueBytes = 819200;
// Room above a limit: for the watchdog's next look.
constexpr rlim_t kCpuRoomSeconds = 2;
constexpr rlim_t kProcessesRoom = 8;
constexpr std::size_t kSegmentListBytesMax = 1 << 20;  // 4096 segments, the kernel's limit

std::string ReadAt(int directory, const std::string& path) {
  UniqueFd fd(openat(directory, path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return "";
  char buffer[4096];
  ssize_t count = read(fd.get(), buffer, sizeof buffer);
  return count > 0 ? std::string(buffer, static_cast<std::size_t>(count)) : "";
}

// Shared memory that a process maps and that is no file of a mount: at least this much.
std::int64_t SharedBytes(int proc, const std::string& pid, std::int64_t temporary_bytes) {
  constexpr std::string_view kKey = "\nRssShmem:";
  std::string status = ReadAt(proc, pid + "/status");
  std::size_t at = status.find(kKey);
  if (at == std::string::npos) return 0;
  std::int64_t bytes = std::strtoll(status.c_str() + at + kKey.size(), nullptr, 10) * 1024;
  return std::max<std::int64_t>(bytes - temporary_bytes, 0);
}

// Attached or not. A line: key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime
// ctime rss swap (proc(5)).
std::int64_t SegmentBytes(int proc) {
  UniqueFd file(openat(proc, "sysvipc/shm", O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return 0;
  Result<std::string> text = ReadAll(file.get(), kSegmentListBytesMax);
  if (!text.ok()) return 0;
  std::int64_t bytes = 0;
  for (const std::string& line : Split(*text, '\n')) {
    long long resident = 0;
    if (std::sscanf(line.c_str(), "%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%lld", &resident) ==
        1) {
      bytes += resident;
    }
  }
  return bytes;
}

void AddProcess(int proc, const std::string& pid, std::int64_t temporary_bytes, UsageNow* usage) {
  // After the name in parentheses, which may hold anything: state is field 3; utime, stime,
  // cutime, cstime are fields 14 to 17, num_threads is 20 (proc(5)).
  std::string stat = ReadAt(proc, pid + "/stat");
  std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat.size()) return;
  std::vector<std::string> fields = Split(std::string_view(stat).substr(name_end + 2), ' ');
  if (fields.size() < 18) return;
  std::int64_t ticks = 0;
  for (std::size_t i = 11; i <= 14; ++i) ticks += std::strtoll(fields[i].c_str(), nullptr, 10);
  usage->cpu_microseconds += ticks * (1000000 / sysconf(_SC_CLK_TCK));
  if (pid != "1") usage->threads += std::strtoll(fields[17].c_str(), nullptr, 10);
  std::vector<std::string> pages = Split(ReadAt(proc, pid + "/statm"), ' ');
  if (pages.size() < 3) return;
  std::int64_t resident = std::strtoll(pages[1].c_str(), nullptr, 10);
  std::int64_t shared = std::strtoll(pages[2].c_str(), nullptr, 10);
  usage->memory_bytes += std::max<std::int64_t>(resident - shared, 0) * sysconf(_SC_PAGESIZE);
  // Files that are mapped are shared too: the longer look is for those who share much.
  if (shared * sysconf(_SC_PAGESIZE) > temporary_bytes) {
    usage->memory_bytes += SharedBytes(proc, pid, temporary_bytes);
  }
}

Status SetRlimit(__rlimit_resource resource, const char* name, rlim_t soft, rlim_t hard) {
  rlimit wanted = {soft, hard};
  if (setrlimit(resource, &wanted) == 0) return {};
  // More than the caller has.
  rlimit now = {};
  if (getrlimit(resource, &now) != 0) return SystemError(std::string("getrlimit ") + name);
  wanted = {std::min(soft, now.rlim_max), std::min(hard, now.rlim_max)};
  if (setrlimit(resource, &wanted) != 0) return SystemError(std::string("setrlimit ") + name);
  return {};
}

}  // namespace

Result<TemporaryFiles> TemporaryFiles::Open(const Spec& spec) {
  TemporaryFiles files(spec.limits);
  for (const char* path : {"/tmp", "/build"}) {
    if (path == std::string_view("/build") && !spec.work_directory.empty()) continue;
    files.mounts_.emplace_back(open(path, O_PATH | O_CLOEXEC));
    if (!files.mounts_.back().valid()) return SystemError(std::string("opening ") + path);
  }
  return files;
}

TemporaryUsage TemporaryFiles::Measure() const {
  TemporaryUsage usage;
  for (const UniqueFd& mount : mounts_) {
    struct statvfs status = {};
    if (fstatvfs(mount.get(), &status) != 0) continue;
    usage.bytes += static_cast<std::int64_t>((status.f_blocks - status.f_bfree) * status.f_frsize);
    bool no_bytes = limits_.disk_bytes != 0 && status.f_bfree == 0;
    bool no_files = limits_.disk_inodes != 0 && status.f_ffree == 0;
    usage.is_full = usage.is_full || no_bytes || no_files;
  }
  return usage;
}

UsageNow ScanUsage(int proc, std::int64_t temporary_bytes) {
  UsageNow usage;
  usage.memory_bytes = temporary_bytes + SegmentBytes(proc);
  int copy = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* directory = copy < 0 ? nullptr : fdopendir(copy);
  if (directory == nullptr) {
    if (copy >= 0) close(copy);
    return usage;
  }
  while (dirent* entry = readdir(directory)) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    AddProcess(proc, entry->d_name, temporary_bytes, &usage);
  }
  closedir(directory);
  return usage;
}

Status SetRlimits(const Spec& spec, bool memory_is_observed) {
  if (LeftOut(Layer::kRlimits)) return {};
  struct Row {
    __rlimit_resource resource;
    const char* name;
    rlim_t soft;
    rlim_t hard;
  };
  const Limits& limits = spec.limits;
  auto or_infinity = [](std::uint64_t value) { return value == 0 ? RLIM_INFINITY : value; };
  rlim_t cpu = or_infinity(limits.cpu_seconds);
  if (cpu != RLIM_INFINITY) cpu += kCpuRoomSeconds;
  rlim_t data = memory_is_observed ? or_infinity(limits.memory_bytes * 2) : RLIM_INFINITY;
  // A tmpfs bounds all files together; a directory of the host bounds none.
  rlim_t file = spec.work_directory.empty() ? RLIM_INFINITY : or_infinity(limits.disk_bytes);
  rlim_t processes = or_infinity(limits.pids);
  if (processes != RLIM_INFINITY) processes += processes / 4 + kProcessesRoom;
  const Row rows[] = {
      {RLIMIT_CORE, "CORE", kNoCore, kNoCore},
      {RLIMIT_CPU, "CPU", cpu, cpu == RLIM_INFINITY ? cpu : cpu + 1},
      {RLIMIT_DATA, "DATA", data, data},
      {RLIMIT_FSIZE, "FSIZE", file, file},
      {RLIMIT_NPROC, "NPROC", processes, processes},
      {RLIMIT_NOFILE, "NOFILE", kOpenFilesSoft, kOpenFilesHard},
      {RLIMIT_STACK, "STACK", kStackBytes, RLIM_INFINITY},
      {RLIMIT_MEMLOCK, "MEMLOCK", kLockedBytes, kLockedBytes},
      {RLIMIT_MSGQUEUE, "MSGQUEUE", kMessageQueueBytes, kMessageQueueBytes},
      {RLIMIT_NICE, "NICE", 0, 0},
      {RLIMIT_RTPRIO, "RTPRIO", 0, 0},
  };
  for (const Row& row : rows) {
    if (Status status = SetRlimit(row.resource, row.name, row.soft, row.hard); !status.ok()) {
      return status;
    }
  }
  return {};
}

}  // namespace sandbox
