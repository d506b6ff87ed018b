#include "sandbox/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

namespace sandbox {
namespace {

// 4096 segments, 32000 sets of semaphores or queues of messages: the kernel's limits.
constexpr std::size_t kIpcListBytesMax = 8 << 20;
// With the command's groups, of which the kernel lets it have 65536, in it.
constexpr std::size_t kStatusBytesMax = 1 << 20;
// What the kernel keeps in memory for each: a file of a tmpfs with its name, a semaphore, a message
// beside its text.
constexpr std::int64_t kFileBytes = 1024;
constexpr std::int64_t kSemaphoreBytes = 64;
constexpr std::int64_t kMessageBytes = 64;
constexpr std::int64_t kFileLockBytes = 192;  // Linux 6.18
// Processes that end while they are looked at are looked for again so many times.
constexpr int kLooksMax = 3;

using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

// Null: errno says why.
Directory OpenDirectory(int proc, const std::string& path) {
  UniqueFd fd(OpenBelow(proc, path, O_RDONLY | O_DIRECTORY));
  Directory directory(fd.valid() ? fdopendir(fd.get()) : nullptr, closedir);
  if (directory != nullptr) static_cast<void>(fd.release());
  return directory;
}

// errno says why a failure is one.
Result<std::string> ReadBelow(int proc, const std::string& path, std::size_t bytes_max) {
  errno = 0;
  UniqueFd fd(OpenBelow(proc, path, O_RDONLY));
  Result<std::string> text = fd.valid() ? ReadAll(fd.get(), bytes_max) : SystemError("open");
  return text.ok() ? text : Status::Failed("/proc, " + path + ": " + text.message());
}

// The text of a file of a process; "" if it has ended.
Result<std::string> ReadOfProcess(int proc, const std::string& path, std::size_t bytes_max) {
  Result<std::string> text = ReadBelow(proc, path, bytes_max);
  if (!text.ok() && (errno == ENOENT || errno == ESRCH)) return std::string();
  return text;
}

std::int64_t Column(const std::vector<std::string>& columns, std::size_t index) {
  return index < columns.size() ? std::strtoll(columns[index].c_str(), nullptr, 10) : 0;
}

// Adds `bytes` of each line of `list`, of two of whose columns (from 0) it is made. That of the
// columns' names is 0.
template <class Bytes>
Status AddList(int ipc, const char* list, std::size_t first, std::size_t second, const Bytes& bytes,
               std::int64_t* sum) {
  Result<std::string> text = ReadBelow(ipc, list, kIpcListBytesMax);
  if (!text.ok()) return text.status();
  for (const std::string& line : Split(*text, '\n')) {
    std::vector<std::string> columns = Split(line, ' ');
    std::erase(columns, "");
    *sum += bytes(Column(columns, first), Column(columns, second));
  }
  return {};
}

// System V's, in use or not; `ipc`: /proc/sysvipc. shm: key shmid perms size cpid lpid nattch uid
// gid cuid cgid atime dtime ctime rss swap; sem: key semid perms nsems ...; msg: key msqid perms
// cbytes qnum ...
Status AddIpc(int ipc, std::int64_t* sum) {
  auto pages = [](std::int64_t resident, std::int64_t swapped) { return resident + swapped; };
  auto semaphores = [](std::int64_t count, std::int64_t) { return count * kSemaphoreBytes; };
  auto messages = [](std::int64_t text, std::int64_t count) {
    return text + count * kMessageBytes;
  };
  Status added = AddList(ipc, "shm", 14, 15, pages, sum);
  if (added.ok()) added = AddList(ipc, "sem", 3, 3, semaphores, sum);
  return added.ok() ? AddList(ipc, "msg", 3, 4, messages, sum) : added;
}

using Found = UsageWatch::Found;

// Of a process with several threads whose first has ended, the kernel shows the memory under those
// that live. Returns the text of a status; "" if none of them has memory.
Result<std::string> StatusOfAThread(int proc, Process* process) {
  const std::string tasks = process->directory + "/task";
  Directory directory = OpenDirectory(proc, tasks);
  if (directory == nullptr) {
    if (errno == ENOENT || errno == ESRCH) return std::string();
    return SystemError("/proc/" + tasks);
  }
  while (dirent* entry = readdir(directory.get())) {
    if (entry->d_name[0] == '.') continue;
    const std::string thread = tasks + "/" + entry->d_name;
    Result<std::string> status = ReadOfProcess(proc, thread + "/status", kStatusBytesMax);
    if (!status.ok()) return status;
    if (KilobytesOf(*status, "VmSize") < 0) continue;
    process->directory = thread;
    process->thread = std::atoi(entry->d_name);
    return status;
  }
  return std::string();
}

Status AddProcess(int proc, const std::string& pid, std::int64_t temporary_bytes, Found* found) {
  // After the name in parentheses, which may hold anything: state is field 3, the parent 4; utime,
  // stime, cutime, cstime are fields 14 to 17, num_threads is 20 (proc(5)).
  Result<std::string> stat = ReadOfProcess(proc, pid + "/stat", kStatusBytesMax);
  if (!stat.ok()) return stat.status();
  std::size_t name_end = stat->rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat->size()) return {};
  std::vector<std::string> fields = Split(std::string_view(*stat).substr(name_end + 2), ' ');
  if (fields.size() < 18) return {};
  std::int64_t ticks = 0;
  for (std::size_t i = 11; i <= 14; ++i) ticks += Column(fields, i);
  found->usage.cpu_microseconds += ticks * (1000000 / sysconf(_SC_CLK_TCK));
  std::int64_t threads = Column(fields, 17);
  if (pid != "1") found->usage.threads += threads;
  Process process;
  process.directory = pid;
  process.thread = std::atoi(pid.c_str());
  process.parent = static_cast<int>(Column(fields, 1));
  Result<std::string> status = ReadOfProcess(proc, pid + "/status", kStatusBytesMax);
  if (status.ok() && threads > 1 && KilobytesOf(*status, "VmSize") < 0) {
    status = StatusOfAThread(proc, &process);
  }
  if (!status.ok()) return status.status();
  // 0 of what it does not have, as one that is dying.
  auto bytes = [&](const char* name) {
    return std::max<std::int64_t>(KilobytesOf(*status, name), 0);
  };
  process.mapped_bytes = bytes("VmSize");
  process.table_bytes = bytes("VmPTE");
  process.private_bytes = bytes("RssAnon") + bytes("VmSwap") + process.table_bytes;
  found->shared_bytes += std::max<std::int64_t>(bytes("RssShmem") - temporary_bytes, 0);
  // All but what is private and can be written; mostly programs and libraries.
  process.hidden_bytes =
      std::max<std::int64_t>(process.mapped_bytes - bytes("VmData") - bytes("VmStk"), 0);
  if (process.mapped_bytes > 0) found->processes.push_back(std::move(process));
  return {};
}

Result<Found> LookAtAll(int proc, int ipc, const TemporaryUsage& temporary) {
  Found found;
  found.usage.memory_bytes = temporary.bytes + temporary.files * kFileBytes;
  Status added = ipc < 0 ? Status() : AddIpc(ipc, &found.usage.memory_bytes);
  if (!added.ok()) return added;
  Directory directory = OpenDirectory(proc, ".");
  if (directory == nullptr) return SystemError("/proc");
  errno = 0;
  while (dirent* entry = readdir(directory.get())) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    added = AddProcess(proc, entry->d_name, temporary.bytes, &found);
    if (!added.ok()) return added;
    errno = 0;
  }
  if (errno != 0) return SystemError("/proc");
  return found;
}

std::int64_t PrivateBytes(const Found& found) {
  std::int64_t bytes = 0;
  for (const Process& process : found.processes) bytes += process.private_bytes;
  return bytes;
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

Result<UsageWatch> UsageWatch::Open(const Spec& spec, UniqueFd locks,
                                    std::int64_t memory_bytes_max) {
  UsageWatch watch(FileLocks::Open(spec, std::move(locks)), memory_bytes_max);
  watch.proc_ = UniqueFd(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!watch.proc_.valid()) return SystemError("opening /proc");
  watch.ipc_ = UniqueFd(OpenBelow(watch.proc_.get(), "sysvipc", O_RDONLY | O_DIRECTORY));
  if (!watch.ipc_.valid() && errno != ENOENT) return SystemError("opening /proc/sysvipc");
  Result<std::string> device = SharedMemoryDevice(watch.proc_.get());
  if (!device.ok()) return device.status();
  watch.shared_memory_ = *device;
  return watch;
}

std::int64_t UsageWatch::MemoryOf(const Found& found) const {
  std::int64_t bytes = found.usage.memory_bytes + PrivateBytes(found);
  if (memory_bytes_max_ == 0) return bytes + found.shared_bytes;
  return bytes +
         MappedBytes({proc_.get(), shared_memory_, found.shared_bytes, memory_bytes_max_ - bytes},
                     found.processes);
}

Result<UsageNow> UsageWatch::Look(const TemporaryUsage& temporary) {
  Result<std::int64_t> locks = locks_.Count();
  if (!locks.ok()) return locks.status();
  UsageNow usage;
  for (int i = 0; i < kLooksMax; ++i) {
    Result<Found> found = LookAtAll(proc_.get(), ipc_.get(), temporary);
    if (!found.ok()) return found.status();
    found->usage.file_locks = *locks;
    found->usage.memory_bytes += *locks * kFileLockBytes;
    usage = found->usage;
    usage.memory_bytes = MemoryOf(*found);
    if (memory_bytes_max_ == 0 || usage.memory_bytes <= memory_bytes_max_) break;
    std::int64_t counted_twice = PrivateBytes(*found);
    bool is_whole = ShareOutPrivate(proc_.get(), &found->processes);
    counted_twice -= PrivateBytes(*found);
    // One that has ended since is still in the sum, whatever that is; in the last look it stays.
    if (!is_whole) continue;
    std::int64_t shared_out = usage.memory_bytes - counted_twice;
    // There may be more: what is mapped was looked at until it was known to be enough.
    if (shared_out <= memory_bytes_max_) shared_out = MemoryOf(*found);
    usage.memory_bytes = shared_out;
    break;
  }
  return usage;
}

}  // namespace sandbox
