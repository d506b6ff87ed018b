#include "sandbox/limits.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include "sandbox/layers.h"
#include "sandbox/system.h"

namespace sandbox {
namespace {

constexpr rlim_t kOpenFilesSoft = 1024;
constexpr rlim_t kOpenFilesHard = 65536;
// Of a caller who has less than this, the command has as much as he has.
constexpr rlim_t kOpenFilesOfCallerMin = 4096;
// Not 0: with a core_pattern that starts a program, the kernel starts it, as the host's root, for 0
// as well; 1 is the value by which it does not (core(5)), and too small for a file.
constexpr rlim_t kNoCore = 1;
constexpr rlim_t kStackBytes = 8 << 20;
constexpr rlim_t kLockedBytes = 8 << 20;
// Of these two the kernel counts, beside what each sandbox takes, what all of one caller's take,
// and what he takes himself; a third of the usual limit of the one, of the other little.
constexpr rlim_t kMessageQueueBytes = 262144;
constexpr rlim_t kPendingSignals = 1024;
// Room above a limit: for the watchdog's next look.
constexpr rlim_t kCpuRoomSeconds = 2;
constexpr rlim_t kProcessesRoom = 8;
// 4096 segments, 32000 sets of semaphores or queues of messages: the kernel's limits.
constexpr std::size_t kIpcListBytesMax = 8 << 20;
// With the command's groups, of which the kernel lets it have 65536, in it.
constexpr std::size_t kStatusBytesMax = 1 << 20;
// What the kernel keeps in memory for each: a file of a tmpfs with its name, a semaphore, a message
// beside its text.
constexpr std::int64_t kFileBytes = 1024;
constexpr std::int64_t kSemaphoreBytes = 64;
constexpr std::int64_t kMessageBytes = 64;
// Whatever end of a mapping somebody asked for: so that sums stay numbers.
constexpr unsigned long kMappedBytesMax = 1UL << 40;

std::string ReadAt(int directory, const std::string& path) {
  UniqueFd fd(openat(directory, path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return "";
  Result<std::string> text = ReadAll(fd.get(), kStatusBytesMax);
  return text.ok() ? *text : "";
}

// The number of kilobytes behind `name` in the text of /proc/PID/status, in bytes; 0 if it is not
// there, as for a process that is dying.
std::int64_t StatusBytes(const std::string& status, const std::string& name) {
  const std::string key = "\n" + name + ":";
  std::size_t at = status.find(key);
  if (at == std::string::npos) return 0;
  return std::strtoll(status.c_str() + at + key.size(), nullptr, 10) * 1024;
}

std::int64_t Column(const std::vector<std::string>& columns, std::size_t index) {
  return index < columns.size() ? std::strtoll(columns[index].c_str(), nullptr, 10) : 0;
}

// The sum of `bytes` over the lines of `list`, of two of whose columns (from 0) it is made. That of
// the columns' names is 0.
template <class Bytes>
std::int64_t SumList(int proc, const char* list, std::size_t first, std::size_t second,
                     const Bytes& bytes) {
  UniqueFd file(openat(proc, list, O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return 0;
  Result<std::string> text = ReadAll(file.get(), kIpcListBytesMax);
  if (!text.ok()) return 0;
  std::int64_t sum = 0;
  for (const std::string& line : Split(*text, '\n')) {
    std::vector<std::string> columns = Split(line, ' ');
    std::erase(columns, "");
    sum += bytes(Column(columns, first), Column(columns, second));
  }
  return sum;
}

// System V's, in use or not. shm: key shmid perms size cpid lpid nattch uid gid cuid cgid atime
// dtime ctime rss swap; sem: key semid perms nsems ...; msg: key msqid perms cbytes qnum ...
std::int64_t IpcBytes(int proc) {
  auto sum = [](std::int64_t resident, std::int64_t swapped) { return resident + swapped; };
  auto semaphores = [](std::int64_t count, std::int64_t) { return count * kSemaphoreBytes; };
  auto messages = [](std::int64_t text, std::int64_t count) {
    return text + count * kMessageBytes;
  };
  return SumList(proc, "sysvipc/shm", 14, 15, sum) +
         SumList(proc, "sysvipc/sem", 3, 3, semaphores) +
         SumList(proc, "sysvipc/msg", 3, 4, messages);
}

// What may be shared memory that a process maps without being seen to use it.
struct Hidden {
  std::int64_t bytes = 0;
  std::string pid;
};

// What a look at all processes finds.
struct Found {
  UsageNow usage;
  std::int64_t shared_bytes = 0;
  std::vector<Hidden> hidden;
};

void AddProcess(int proc, const std::string& pid, std::int64_t temporary_bytes, Found* found) {
  // After the name in parentheses, which may hold anything: state is field 3; utime, stime,
  // cutime, cstime are fields 14 to 17, num_threads is 20 (proc(5)).
  std::string stat = ReadAt(proc, pid + "/stat");
  std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat.size()) return;
  std::vector<std::string> fields = Split(std::string_view(stat).substr(name_end + 2), ' ');
  if (fields.size() < 18) return;
  std::int64_t ticks = 0;
  for (std::size_t i = 11; i <= 14; ++i) ticks += std::strtoll(fields[i].c_str(), nullptr, 10);
  found->usage.cpu_microseconds += ticks * (1000000 / sysconf(_SC_CLK_TCK));
  if (pid != "1") found->usage.threads += std::strtoll(fields[17].c_str(), nullptr, 10);
  std::string status = ReadAt(proc, pid + "/status");
  for (const char* own : {"RssAnon", "VmPTE", "VmSwap"}) {
    found->usage.memory_bytes += StatusBytes(status, own);
  }
  std::int64_t shared = StatusBytes(status, "RssShmem");
  found->shared_bytes += std::max<std::int64_t>(shared - temporary_bytes, 0);
  // All but what is private and can be written; mostly programs and libraries.
  std::int64_t hidden =
      StatusBytes(status, "VmSize") - StatusBytes(status, "VmData") - StatusBytes(status, "VmStk");
  if (hidden > 0) found->hidden.push_back({hidden, pid});
}

// Calls `use` with the address, the rights, the end within the file, the device and the file's
// number of each mapping of a process.
template <class Use>
void ForEachMapping(int proc, const std::string& pid, const Use& use) {
  UniqueFd fd(openat(proc, (pid + "/maps").c_str(), O_RDONLY | O_CLOEXEC));
  std::unique_ptr<FILE, int (*)(FILE*)> file(fd.valid() ? fdopen(fd.get(), "r") : nullptr, fclose);
  if (file == nullptr) return;
  static_cast<void>(fd.release());
  char line[256];
  bool is_start = true;
  while (std::fgets(line, sizeof line, file.get()) != nullptr) {
    unsigned long begin = 0, end = 0, offset = 0, inode = 0;
    char rights[8] = {};
    char device[16] = {};
    // What is left of a long name is no line of its own.
    bool was_start = std::exchange(is_start, std::strchr(line, '\n') != nullptr);
    if (was_start && std::sscanf(line, "%lx-%lx %4s %lx %15s %lu", &begin, &end, rights, &offset,
                                 device, &inode) == 6) {
      use(begin, rights, offset + (end - begin), std::string_view(device), inode);
    }
  }
}

// The device of the kernel's own mount for shared memory that has no file anywhere.
std::string SharedMemoryDevice(int proc) {
  void* page = mmap(nullptr, 1, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return "";
  std::string found;
  ForEachMapping(
      proc, "self",
      [&](unsigned long begin, const char*, unsigned long, std::string_view device, unsigned long) {
        if (begin == reinterpret_cast<unsigned long>(page)) found = device;
      });
  munmap(page, 1);
  return found;
}

// Where the process keeps the right to look into others for this alone.
class RightToLook {
 public:
  RightToLook() {
    if (CapabilitiesGet(&effective_, &permitted_, &inheritable_) != 0) permitted_ = 0;
    if ((permitted_ & kRightToLook) != 0) Set(effective_ | kRightToLook);
  }
  ~RightToLook() {
    if ((permitted_ & kRightToLook) != 0) Set(effective_);
  }
  RightToLook(const RightToLook&) = delete;
  RightToLook& operator=(const RightToLook&) = delete;

 private:
  // If it cannot be had, less is seen.
  void Set(std::uint64_t effective) const {
    static_cast<void>(CapabilitiesSet(effective, permitted_, inheritable_));
  }

  std::uint64_t effective_ = 0;
  std::uint64_t permitted_ = 0;
  std::uint64_t inheritable_ = 0;
};

// How much shared memory without a file, System V's too, the processes map, each once and as a
// whole: the kernel keeps its pages until the last process takes it off, whoever maps or uses them.
// Stops as soon as it is known whether that is more than `room`.
std::int64_t MappedSharedBytes(int proc, std::vector<Hidden> hidden, std::int64_t room) {
  static const std::string shared_memory = SharedMemoryDevice(proc);
  RightToLook right;
  std::sort(hidden.begin(), hidden.end(),
            [](const Hidden& a, const Hidden& b) { return a.bytes > b.bytes; });
  std::int64_t left = 0;
  for (const Hidden& process : hidden) left += process.bytes;
  std::map<unsigned long, std::int64_t> sizes;
  std::int64_t bytes = 0;
  for (const Hidden& process : hidden) {
    if (bytes > room || bytes + left <= room) break;
    left -= process.bytes;
    ForEachMapping(proc, process.pid,
                   [&](unsigned long, const char* rights, unsigned long end,
                       std::string_view device, unsigned long inode) {
                     if (rights[3] != 's' || device != shared_memory) return;
                     std::int64_t& size = sizes[inode];
                     std::int64_t more =
                         static_cast<std::int64_t>(std::min(end, kMappedBytesMax)) - size;
                     if (more <= 0) return;
                     size += more;
                     bytes += more;
                   });
  }
  return bytes;
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

rlim_t OpenFilesMax() {
  rlimit now = {};
  if (getrlimit(RLIMIT_NOFILE, &now) != 0) return kOpenFilesSoft;
  return now.rlim_max;
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
    usage.files += static_cast<std::int64_t>(status.f_files - status.f_ffree);
    bool no_bytes = limits_.disk_bytes != 0 && status.f_bfree == 0;
    bool no_files = limits_.disk_inodes != 0 && status.f_ffree == 0;
    usage.is_full = usage.is_full || no_bytes || no_files;
  }
  return usage;
}

UsageNow ScanUsage(int proc, const TemporaryUsage& temporary, std::int64_t memory_bytes_max) {
  Found found;
  found.usage.memory_bytes = temporary.bytes + temporary.files * kFileBytes + IpcBytes(proc);
  int copy = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* directory = copy < 0 ? nullptr : fdopendir(copy);
  if (directory == nullptr) {
    if (copy >= 0) close(copy);
    return found.usage;
  }
  while (dirent* entry = readdir(directory)) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    AddProcess(proc, entry->d_name, temporary.bytes, &found);
  }
  closedir(directory);
  std::int64_t shared = found.shared_bytes;
  if (memory_bytes_max != 0) {
    std::int64_t room = memory_bytes_max - found.usage.memory_bytes;
    shared = std::max(shared, MappedSharedBytes(proc, std::move(found.hidden), room));
  }
  found.usage.memory_bytes += shared;
  return found.usage;
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
  rlim_t files = OpenFilesMax();
  // See RaiseOpenFiles.
  if (files >= kOpenFilesOfCallerMin) files = std::min(files / 2, kOpenFilesHard);
  const Row rows[] = {
      {RLIMIT_CORE, "CORE", kNoCore, kNoCore},
      {RLIMIT_CPU, "CPU", cpu, cpu == RLIM_INFINITY ? cpu : cpu + 1},
      {RLIMIT_DATA, "DATA", data, data},
      {RLIMIT_FSIZE, "FSIZE", file, file},
      {RLIMIT_NPROC, "NPROC", processes, processes},
      {RLIMIT_NOFILE, "NOFILE", kOpenFilesSoft, files},
      {RLIMIT_STACK, "STACK", kStackBytes, RLIM_INFINITY},
      {RLIMIT_MEMLOCK, "MEMLOCK", kLockedBytes, kLockedBytes},
      {RLIMIT_MSGQUEUE, "MSGQUEUE", kMessageQueueBytes, kMessageQueueBytes},
      {RLIMIT_SIGPENDING, "SIGPENDING", kPendingSignals, kPendingSignals},
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

Status RaiseOpenFiles() {
  rlim_t most = OpenFilesMax();
  return SetRlimit(RLIMIT_NOFILE, "NOFILE", most, most);
}

Status LowerOpenFiles() {
  return SetRlimit(RLIMIT_NOFILE, "NOFILE", kOpenFilesSoft, OpenFilesMax());
}

}  // namespace sandbox
