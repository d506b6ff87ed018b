#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <vector>

#include "sandbox/file_view.h"
#include "sandbox/memory.h"

namespace sandbox {
namespace {

constexpr std::uint64_t kOrderMax = std::uint64_t{1} << 40;
constexpr std::size_t kReadBytes = 65536;
constexpr std::size_t kAnswerBytesMax = 1 << 20;

struct Entry {
  std::uint64_t order = 0;
  std::uint64_t inode = 0;
  unsigned char type = DT_UNKNOWN;
  std::string name;
  bool operator<(const Entry& other) const {
    return order != other.order ? order < other.order : name < other.name;
  }
};

// The kernel's struct linux_dirent64, whose name follows it.
struct Header {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t size;
  std::uint8_t type;
};
constexpr std::size_t kNameAt = 19;

bool ReadEntries(int directory, std::vector<Entry>* entries) {
  UniqueFd own(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own.valid()) return false;
  std::vector<char> bytes(kReadBytes);
  while (true) {
    long count = syscall(SYS_getdents64, own.get(), bytes.data(), bytes.size());
    if (count < 0) return false;
    if (count == 0) break;
    for (long at = 0; at < count;) {
      Header header;
      std::memcpy(&header, bytes.data() + at, sizeof header);
      std::string name = bytes.data() + at + kNameAt;
      entries->push_back({DirectoryOrder(name), header.inode, header.type, name});
      at += header.size;
    }
  }
  std::sort(entries->begin(), entries->end());
  return true;
}

// Appends `entry`, which says that the next one is at `next`. False: no room.
bool Append(const Entry& entry, std::uint64_t inode, std::uint64_t next, std::size_t room,
            std::string* out) {
  std::size_t size = (kNameAt + entry.name.size() + 1 + 7) / 8 * 8;
  if (out->size() + size > room) return false;
  Header header = {};
  header.inode = inode;
  header.offset = static_cast<std::int64_t>(next);
  header.size = static_cast<std::uint16_t>(size);
  header.type = entry.type;
  std::size_t begin = out->size();
  out->append(size, '\0');
  std::memcpy(out->data() + begin, &header, kNameAt);
  entry.name.copy(out->data() + begin + kNameAt, entry.name.size());
  return true;
}

}  // namespace

std::uint64_t DirectoryOrder(const std::string& name) {
  if (name == ".") return 0;
  if (name == "..") return 1;
  return HashText(name.data(), name.size()) % (kOrderMax - 2) + 2;
}

// As a look at the entry itself would show it.
std::uint64_t FileView::NumberOf(const Call& call, int directory, std::uint64_t device,
                                 const std::string& path, const std::string& name,
                                 std::uint64_t inode) {
  if (name == "..") {
    struct statx parent = {};
    UniqueFd above(openat(directory, "..", O_PATH | O_CLOEXEC));
    if (statx(above.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &parent) == 0) {
      Show(call, PathOf(above.get()), &parent);
      return parent.stx_ino;
    }
  }
  if (std::optional<FileNumbers::Shown> known = numbers_.Find(device, inode)) return known->number;
  std::string place = name == "." ? path : path + (path == "/" ? "" : "/") + name;
  return numbers_.Add(device, inode, place).number;
}

// The place in a directory is kept where the kernel keeps it, in the open file, as the order of the
// next entry: so it is shared, sought and rewound as always, and what is removed or added meanwhile
// does not shift the rest.
Answer FileView::Getdents(const Call& call) {
  pid_t process =
      family_ != nullptr ? family_->ProcessOf(call.thread) : ProcessOfThread(call.thread);
  UniqueFd directory = CopyDescriptor(call.thread, process, static_cast<int>(call.arguments[0]));
  struct statfs kind = {};
  if (!directory.valid() || fstatfs(directory.get(), &kind) != 0) return Kernels();
  if (kind.f_type == PROC_SUPER_MAGIC || kind.f_type == DEVPTS_SUPER_MAGIC) return Kernels();
  off_t at = lseek(directory.get(), 0, SEEK_CUR);
  std::vector<Entry> entries;
  struct statx status = {};
  if (at < 0 || !ReadEntries(directory.get(), &entries) ||
      statx(directory.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) != 0) {
    return Kernels();
  }
  std::string path = PathOf(directory.get());
  std::uint64_t device = makedev(status.stx_dev_major, status.stx_dev_minor);
  Entry begin;
  begin.order = static_cast<std::uint64_t>(at);
  auto entry = std::lower_bound(entries.begin(), entries.end(), begin);
  std::size_t room = std::min<std::uint64_t>(call.arguments[2], kAnswerBytesMax);
  bool any = entry != entries.end();
  std::string bytes;
  std::uint64_t next = begin.order;
  for (; entry != entries.end(); ++entry) {
    std::uint64_t inode = NumberOf(call, directory.get(), device, path, entry->name, entry->inode);
    if (!Append(*entry, inode, entry->order + 1, room, &bytes)) break;
    next = entry->order + 1;
  }
  if (any && bytes.empty()) return Error(EINVAL);
  if (!WriteMemory(call.thread, call.arguments[1], bytes.data(), bytes.size())) {
    return Error(EFAULT);
  }
  if (lseek(directory.get(), static_cast<off_t>(next), SEEK_SET) < 0) return Kernels();
  return Value(static_cast<std::int64_t>(bytes.size()));
}

}  // namespace sandbox
