#include "sandbox/mappings.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "sandbox/system.h"

namespace sandbox {
namespace {

// Whatever end of a mapping somebody asked for: so that sums stay numbers.
constexpr unsigned long kMappedBytesMax = 1UL << 40;
// A vm_area_struct and its part of the tree (Linux 6.18); a mapping has a page at least.
constexpr std::int64_t kMappingBytes = 224;
constexpr std::int64_t kPageBytes = 4096;
constexpr std::size_t kReadBytes = 65536;
constexpr std::size_t kRollupBytesMax = 65536;

// Calls `use` with the address, the end within the file, the device and the file's number of each
// shared mapping of a process. Returns how many mappings it has, of which a process may have a
// million, shared or not; -1: it may not be looked into. One that is gone has none.
template <class Use>
std::int64_t ForEachShared(int proc, const std::string& directory, const Use& use) {
  UniqueFd fd(OpenBelow(proc, directory + "/maps", O_RDONLY));
  if (!fd.valid()) return errno == ENOENT || errno == ESRCH ? 0 : -1;
  std::vector<char> buffer(kReadBytes);
  std::unique_ptr<FILE, int (*)(FILE*)> file(fdopen(fd.get(), "r"), fclose);
  if (file == nullptr) return -1;
  static_cast<void>(fd.release());
  if (std::setvbuf(file.get(), buffer.data(), _IOFBF, buffer.size()) != 0) return -1;
  char line[256];
  bool is_start = true;
  std::int64_t count = 0;
  while (std::fgets(line, sizeof line, file.get()) != nullptr) {
    unsigned long begin = 0, end = 0, offset = 0, inode = 0;
    char rights[8] = {};
    char device[16] = {};
    // What is left of a long name is no line of its own.
    bool was_start = std::exchange(is_start, std::strchr(line, '\n') != nullptr);
    if (!was_start) continue;
    ++count;
    const char* space = std::strchr(line, ' ');  // before the rights
    if (space == nullptr || strnlen(space, 5) < 5 || space[4] != 's') continue;
    if (std::sscanf(line, "%lx-%lx %4s %lx %15s %lu", &begin, &end, rights, &offset, device,
                    &inode) == 6) {
      use(begin, offset + (end - begin), std::string_view(device), inode);
    }
  }
  return std::ferror(file.get()) == 0 || errno == ESRCH ? count : -1;
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

// The most that may be kept for the mappings of a process, and be hidden in them.
std::int64_t MappedMax(const Process& process) {
  return process.mapped_bytes / kPageBytes * kMappingBytes + process.hidden_bytes;
}

bool IsSameMemory(const Process& one, const Process& other) {
  return syscall(SYS_kcmp, one.thread, other.thread, KCMP_VM, 0, 0) == 0;
}

// False: it cannot be had.
bool ShareOut(int proc, Process* process) {
  UniqueFd fd(OpenBelow(proc, process->directory + "/smaps_rollup", O_RDONLY));
  if (!fd.valid()) return false;
  Result<std::string> text = ReadAll(fd.get(), kRollupBytesMax);
  if (!text.ok()) return false;
  std::int64_t pages = KilobytesOf(*text, "Pss_Anon");
  std::int64_t swapped = KilobytesOf(*text, "SwapPss");
  if (pages < 0 || swapped < 0) return false;
  process->private_bytes = std::min(process->private_bytes, pages + swapped + process->table_bytes);
  return true;
}

}  // namespace

std::int64_t KilobytesOf(const std::string& text, const std::string& name) {
  const std::string key = "\n" + name + ":";
  std::size_t at = text.find(key);
  if (at == std::string::npos) return -1;
  return std::strtoll(text.c_str() + at + key.size(), nullptr, 10) * 1024;
}

int OpenBelow(int proc, const std::string& path, int flags) {
  constexpr std::uint64_t kResolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
  return OpenAt2(proc, path.c_str(), flags | O_CLOEXEC, 0, kResolve);
}

Result<std::string> SharedMemoryDevice(int proc) {
  void* page = mmap(nullptr, 1, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return SystemError("mapping a page of shared memory");
  std::string found;
  ForEachShared(proc, "self",
                [&](unsigned long begin, unsigned long, std::string_view device, unsigned long) {
                  if (begin == reinterpret_cast<unsigned long>(page)) found = device;
                });
  munmap(page, 1);
  if (found.empty()) return Status::Failed("/proc/self/maps does not show a page of shared memory");
  return found;
}

std::int64_t MappedBytes(const MappedQuery& query, std::vector<Process> processes) {
  RightToLook right;
  std::sort(processes.begin(), processes.end(),
            [](const Process& a, const Process& b) { return MappedMax(a) > MappedMax(b); });
  std::int64_t left = 0;
  for (const Process& process : processes) left += MappedMax(process);
  std::map<unsigned long, std::int64_t> sizes;
  std::int64_t shared = 0;
  std::int64_t kept = 0;
  auto total = [&] { return std::max(shared, query.shared_in_use) + kept; };
  auto add = [&](unsigned long, unsigned long end, std::string_view device, unsigned long inode) {
    if (device != query.device) return;
    std::int64_t& size = sizes[inode];
    std::int64_t more = static_cast<std::int64_t>(std::min(end, kMappedBytesMax)) - size;
    if (more <= 0) return;
    size += more;
    shared += more;
  };
  for (const Process& process : processes) {
    if (total() > query.room || total() + left <= query.room) break;
    left -= MappedMax(process);
    std::int64_t count = ForEachShared(query.proc, process.directory, add);
    kept += count < 0 ? MappedMax(process) : count * kMappingBytes;
  }
  return total();
}

bool ShareOutPrivate(int proc, std::vector<Process>* processes) {
  RightToLook right;
  std::map<int, const Process*> by_number;
  for (const Process& process : *processes) {
    by_number[std::atoi(process.directory.c_str())] = &process;
  }
  bool is_whole = true;
  for (Process& process : *processes) {
    auto parent = by_number.find(process.parent);
    if (parent != by_number.end() && IsSameMemory(process, *parent->second)) {
      process.private_bytes = 0;
    } else {
      is_whole = ShareOut(proc, &process) && is_whole;
    }
  }
  return is_whole;
}

}  // namespace sandbox
