#include "sandbox/file_view.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <climits>
#include <cstddef>
#include <cstring>

#include "sandbox/memory.h"

namespace sandbox {
namespace {

constexpr unsigned kFirstDevice = 64;            // minor number of the first shown device
constexpr std::uint64_t kInodeMax = 0x7fffffff;  // archives keep 32 bits, some of them signed
constexpr std::uint64_t kInodeMin = 1000;
constexpr std::uint64_t kBlock = 4096;
constexpr const char* kOwnFolders[] = {"/build", "/tmp", "/dev/shm"};
// /dev/urandom, by Linux's list of devices.
constexpr unsigned kMemoryDevices = 1;
constexpr unsigned kRandomNumber = 9;
// Links to what is the caller's own, which we would take for ours.
constexpr const char* kCallersOwn[] = {"/proc/", "/dev/"};
// The device nodes of every sandbox, by themselves.
constexpr const char* kDevicePaths[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
                                        "/dev/urandom"};

std::uint64_t DeviceOf(const struct statx& status) {
  return makedev(status.stx_dev_major, status.stx_dev_minor);
}

bool IsCallersOwn(const std::string& path) {
  for (const char* device : kDevicePaths) {
    if (path == device) return false;
  }
  for (const char* prefix : kCallersOwn) {
    if (path.rfind(prefix, 0) == 0) return true;
  }
  return false;
}

std::int64_t Nanoseconds(const statx_timestamp& time) {
  return time.tv_sec * kSecond + time.tv_nsec;
}

statx_timestamp Timestamp(std::int64_t nanoseconds) {
  statx_timestamp time = {};
  time.tv_sec = nanoseconds / kSecond;
  time.tv_nsec = static_cast<std::uint32_t>(nanoseconds % kSecond);
  return time;
}

timespec Timespec(const statx_timestamp& time) { return {time.tv_sec, time.tv_nsec}; }

struct stat OldForm(const struct statx& status) {
  struct stat old = {};
  old.st_dev = DeviceOf(status);
  old.st_ino = status.stx_ino;
  old.st_mode = status.stx_mode;
  old.st_nlink = status.stx_nlink;
  old.st_uid = status.stx_uid;
  old.st_gid = status.stx_gid;
  old.st_rdev = makedev(status.stx_rdev_major, status.stx_rdev_minor);
  old.st_size = static_cast<off_t>(status.stx_size);
  old.st_blksize = static_cast<blksize_t>(status.stx_blksize);
  old.st_blocks = static_cast<blkcnt_t>(status.stx_blocks);
  old.st_atim = Timespec(status.stx_atime);
  old.st_mtim = Timespec(status.stx_mtime);
  old.st_ctim = Timespec(status.stx_ctime);
  return old;
}

// The kernel fills in more than it is asked for: the number of the mount, which it counts for the
// whole machine, and what kind of disk there is.
void KeepBasics(struct statx* status) {
  constexpr std::size_t kEnd = offsetof(struct statx, stx_dev_minor) + sizeof status->stx_dev_minor;
  std::memset(reinterpret_cast<char*>(status) + kEnd, 0, sizeof *status - kEnd);
  status->stx_btime = {};
  status->stx_mask &= STATX_BASIC_STATS;
}

// Linux 6.11 takes a null path for an empty one.
bool ReadPathOrNone(const Call& call, std::string* path) {
  return call.arguments[1] == 0 || ReadString(call.thread, call.arguments[1], PATH_MAX, path);
}

template <class T>
Answer Give(const Call& call, std::uint64_t address, const T& value) {
  return WriteValue(call.thread, address, value) ? Value(0) : Error(EFAULT);
}

}  // namespace

std::string PathOf(int descriptor) {
  std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  char text[PATH_MAX];
  ssize_t size = readlink(link.c_str(), text, sizeof text);
  return size < 0 ? "" : std::string(text, static_cast<std::size_t>(size));
}

std::uint64_t FileNumbers::ShownDevice(std::uint64_t device) const {
  auto found = devices_.find(device);
  return found != devices_.end() ? found->second : makedev(0, kFirstDevice - 1);
}

void FileNumbers::AddDevice(std::uint64_t device) {
  devices_.emplace(device, makedev(0, kFirstDevice + devices_.size()));
}

std::optional<FileNumbers::Shown> FileNumbers::Find(std::uint64_t device,
                                                    std::uint64_t inode) const {
  auto found = shown_.find({device, inode});
  if (found == shown_.end()) return std::nullopt;
  return found->second;
}

FileNumbers::Shown FileNumbers::Add(std::uint64_t device, std::uint64_t inode,
                                    const std::string& path) {
  Shown shown;
  shown.number = HashText(path.data(), path.size()) % (kInodeMax - kInodeMin) + kInodeMin;
  while (!taken_.insert({ShownDevice(device), shown.number}).second) {
    shown.number = shown.number == kInodeMax ? kInodeMin : shown.number + 1;
  }
  for (const char* own : kOwnFolders) {
    std::size_t size = std::strlen(own);
    bool is_below = path.compare(0, size, own) == 0 && (path.size() == size || path[size] == '/');
    shown.is_own = shown.is_own || is_below;
  }
  shown_[{device, inode}] = shown;
  return shown;
}

void FileView::FindDevices(const std::vector<Bind>& binds) {
  auto device = [](const std::string& path) {
    struct statx status = {};
    int result = statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &status);
    return result == 0 ? DeviceOf(status) : 0;
  };
  for (const char* path : {"/", "/build", "/tmp", "/dev", "/dev/null", "/dev/pts"}) {
    numbers_.AddDevice(device(path));
  }
  for (const Bind& bind : binds) numbers_.AddDevice(device(bind.inside_path));
  proc_device_ = device("/proc");
  random_device_ = device("/dev/urandom");
}

void FileView::Show(const Call& call, const std::string& path, struct statx* status) {
  std::uint64_t device = DeviceOf(*status);
  std::optional<FileNumbers::Shown> file = numbers_.Find(device, status->stx_ino);
  if (!file.has_value()) {
    std::string name = path;
    // Pipes, sockets and the like have a number of the whole machine for a name.
    if (path.empty() || path[0] != '/') {
      if (family_ == nullptr) return;
      std::uint64_t chance = 0;
      family_->TakeRandom(call.thread, &chance, sizeof chance);
      name = std::to_string(chance);
    }
    file = numbers_.Add(device, status->stx_ino, name);
  }
  std::uint64_t shown = numbers_.ShownDevice(device);
  status->stx_dev_major = major(shown);
  status->stx_dev_minor = minor(shown);
  status->stx_ino = file->number;
  if (family_ != nullptr) ShowAsFull(*file, device == random_device_, status);
}

void FileView::ShowAsFull(const FileNumbers::Shown& file, bool is_random_device,
                          struct statx* status) {
  if (is_random_device) {
    // It is served as a file, and looks like what it stands for.
    status->stx_mode = S_IFCHR | 0666;
    status->stx_rdev_major = kMemoryDevices;
    status->stx_rdev_minor = kRandomNumber;
  }
  // A device node is of the host, and so is its time.
  if (S_ISCHR(status->stx_mode)) status->stx_mtime = Timestamp(family_->RealTime(0));
  std::int64_t time = Nanoseconds(status->stx_mtime);
  status->stx_mtime =
      Timestamp(file.is_own ? family_->ShownFileTime(time) : family_->ShownToolchainTime(time));
  status->stx_atime = status->stx_ctime = status->stx_mtime;
  status->stx_blksize = kBlock;
  if (S_ISDIR(status->stx_mode)) status->stx_size = kBlock;
  status->stx_blocks = S_ISREG(status->stx_mode) || S_ISDIR(status->stx_mode)
                           ? (status->stx_size + kBlock - 1) / kBlock * (kBlock / 512)
                           : 0;
  status->stx_attributes = status->stx_attributes_mask = 0;
}

// The file that the caller names, found as the caller would find it; -1 and errno. What leads
// through a link that /proc makes up (ELOOP) leads the caller to its own, and us to ours.
UniqueFd FileView::Open(const Call& call, const Name& name) const {
  const std::string of_caller = "/proc/" + std::to_string(call.thread);
  if (name.is_descriptor) {
    std::string path = of_caller + "/fd/" + std::to_string(name.directory);
    return UniqueFd(open(path.c_str(), O_PATH | O_CLOEXEC));
  }
  UniqueFd base;
  if (name.path[0] != '/') {
    std::string path =
        of_caller + (name.directory == AT_FDCWD ? "/cwd" : "/fd/" + std::to_string(name.directory));
    base = UniqueFd(open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!base.valid()) return base;
  }
  int flags = O_PATH | O_CLOEXEC | (name.follows ? 0 : O_NOFOLLOW);
  return UniqueFd(OpenAt2(base.valid() ? base.get() : AT_FDCWD, name.path.c_str(), flags, 0,
                          RESOLVE_NO_MAGICLINKS));
}

Answer FileView::Look(const Call& call, const Name& name, struct statx* shown) {
  if (!name.is_descriptor) {
    if (name.path.empty()) return Error(ENOENT);
    if (IsCallersOwn(name.path)) return Kernels();
  }
  UniqueFd file = Open(call, name);
  if (!file.valid()) {
    // The kernel knows better than we what is wrong with a descriptor.
    bool is_plain = name.path[0] == '/' || name.directory == AT_FDCWD;
    return !name.is_descriptor && is_plain && errno == ENOENT ? Error(ENOENT) : Kernels();
  }
  *shown = {};
  if (statx(file.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, shown) != 0) return Kernels();
  if (DeviceOf(*shown) == proc_device_) return Kernels();
  KeepBasics(shown);
  // A link to /dev/stdin leads to the caller's own, which is not what we have found.
  bool is_device = S_ISCHR(shown->stx_mode) && name.path.rfind("/dev/", 0) != 0;
  if (!name.is_descriptor && is_device) return Kernels();
  bool is_known = numbers_.Find(DeviceOf(*shown), shown->stx_ino).has_value();
  Show(call, is_known ? "" : PathOf(file.get()), shown);
  return Value(0);
}

Answer FileView::LookInOldForm(const Call& call, const Name& name, std::uint64_t address) {
  struct statx status;
  Answer answer = Look(call, name, &status);
  if (answer.is_kernels || answer.value < 0) return answer;
  return Give(call, address, OldForm(status));
}

Answer FileView::Stat(const Call& call, bool follows) {
  Name name;
  name.directory = AT_FDCWD;
  name.follows = follows;
  if (!ReadString(call.thread, call.arguments[0], PATH_MAX, &name.path)) return Kernels();
  return LookInOldForm(call, name, call.arguments[1]);
}

Answer FileView::Fstat(const Call& call) {
  Name name;
  name.directory = static_cast<int>(call.arguments[0]);
  if (name.directory < 0) return Error(EBADF);
  name.is_descriptor = true;
  return LookInOldForm(call, name, call.arguments[1]);
}

Answer FileView::Newfstatat(const Call& call) {
  Name name;
  auto flags = static_cast<int>(call.arguments[3]);
  name.directory = static_cast<int>(call.arguments[0]);
  name.follows = (flags & AT_SYMLINK_NOFOLLOW) == 0;
  if (!ReadPathOrNone(call, &name.path)) return Kernels();
  name.is_descriptor = name.path.empty() && (flags & AT_EMPTY_PATH) != 0;
  if (name.directory < 0 && name.directory != AT_FDCWD && name.path[0] != '/') return Kernels();
  return LookInOldForm(call, name, call.arguments[2]);
}

Answer FileView::Statx(const Call& call) {
  Name name;
  auto flags = static_cast<int>(call.arguments[2]);
  name.directory = static_cast<int>(call.arguments[0]);
  name.follows = (flags & AT_SYMLINK_NOFOLLOW) == 0;
  if (!ReadPathOrNone(call, &name.path)) return Kernels();
  name.is_descriptor = name.path.empty() && (flags & AT_EMPTY_PATH) != 0;
  if (name.directory < 0 && name.directory != AT_FDCWD && name.path[0] != '/') return Kernels();
  struct statx status;
  Answer answer = Look(call, name, &status);
  if (answer.is_kernels || answer.value < 0) return answer;
  return Give(call, call.arguments[4], status);
}

// Empty, and of one kind: how full a file system is, and which one, is the machine's.
Answer FileView::Statfs(const Call& call, const std::string& place) {
  struct statfs status = {};
  if (statfs(place.c_str(), &status) != 0) return Kernels();
  if (status.f_type == PROC_SUPER_MAGIC) return Kernels();
  status.f_type = TMPFS_MAGIC;
  status.f_bsize = status.f_frsize = kBlock;
  status.f_blocks = status.f_bfree = status.f_bavail = 1 << 20;
  status.f_files = status.f_ffree = 1 << 20;
  status.f_fsid = {};
  return Give(call, call.arguments[1], status);
}

void FileView::AddHandlers(CallHandlers* handlers) {
  CallHandlers& h = *handlers;
  h[SYS_getdents64] = [this](const Call& call) { return Getdents(call); };
#ifdef SYS_stat
  h[SYS_stat] = [this](const Call& call) { return Stat(call, true); };
  h[SYS_lstat] = [this](const Call& call) { return Stat(call, false); };
#endif
  h[SYS_fstat] = [this](const Call& call) { return Fstat(call); };
  h[SYS_newfstatat] = [this](const Call& call) { return Newfstatat(call); };
  h[SYS_statx] = [this](const Call& call) { return Statx(call); };
  if (family_ == nullptr) return;
  h[SYS_statfs] = [this](const Call& call) {
    std::string path;
    if (!ReadString(call.thread, call.arguments[0], PATH_MAX, &path) || path.empty() ||
        IsCallersOwn(path)) {
      return Kernels();
    }
    bool is_absolute = path[0] == '/';
    return Statfs(call,
                  is_absolute ? path : "/proc/" + std::to_string(call.thread) + "/cwd/" + path);
  };
  h[SYS_fstatfs] = [this](const Call& call) {
    auto descriptor = static_cast<int>(call.arguments[0]);
    return Statfs(call,
                  "/proc/" + std::to_string(call.thread) + "/fd/" + std::to_string(descriptor));
  };
}

}  // namespace sandbox
