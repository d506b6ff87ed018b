#include "sandbox/collect.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <set>

#include "sandbox/channel.h"
#include "sandbox/layers.h"
#include "sandbox/text.h"

namespace sandbox {
namespace {

std::uint64_t Resolve() {
  if (LeftOut(Layer::kOutputResolve)) return 0;
  return RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
}

// One folder being walked.
struct Level {
  UniqueFd directory;
  std::string path;  // relative to /build
  std::vector<std::string> names;
  std::size_t next = 0;
};

class Collector {
 public:
  Collector(int build, int channel) : build_(build), channel_(channel) {}

  // False: refused (see refusal) or failed (see failure).
  bool TakeOutput(const std::string& path);

  Refusal refusal;
  bool refused = false;
  Status failure;

 private:
  bool Take(int directory, const std::string& name, const std::string& path, std::size_t depth);
  bool TakeFile(int directory, const std::string& name, const std::string& path);
  bool TakeDirectory(int directory, const std::string& name, const std::string& path);
  bool TakeSymlink(int directory, const std::string& name, const std::string& path,
                   std::size_t depth);
  bool Emit(EntryType type, const struct stat& status, const std::string& text, int fd);
  bool Refuse(const std::string& path, const std::string& why) {
    refused = true;
    refusal = {Ended::kOutputRefused, "/build/" + path + ": " + why};
    return false;
  }
  bool PassLimit(const std::string& path, const std::string& what) {
    refused = true;
    refusal = {Ended::kLimit, "/build/" + path + ": " + what};
    return false;
  }
  bool PassEntriesMax(const std::string& path) {
    return PassLimit(path, "more than " + std::to_string(kOutputEntriesMax) + " entries");
  }
  bool Fail(const std::string& doing) {
    failure = SystemError(doing);
    return false;
  }

  int build_;
  int channel_;
  std::size_t entries_ = 0;
  std::vector<Level> levels_;
  std::set<std::pair<dev_t, ino_t>> linked_;  // files with several names, already taken
};

bool Collector::Emit(EntryType type, const struct stat& status, const std::string& text, int fd) {
  std::vector<int> fds;
  if (fd >= 0) fds.push_back(fd);
  failure = Send(channel_, Kind::kEntry,
                 {static_cast<std::int64_t>(type), OutputMode(status.st_mode), status.st_size,
                  status.st_mtim.tv_sec, status.st_mtim.tv_nsec},
                 text, fds);
  return failure.ok();
}

bool Collector::TakeFile(int directory, const std::string& name, const std::string& path) {
  // Not blocking: what was a file when we looked is one still, all is dead; but cost nothing.
  UniqueFd file(OpenAt2(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0,
                        Resolve()));
  if (!file.valid()) return Fail("opening /build/" + path);
  struct stat status = {};
  if (fstat(file.get(), &status) != 0) return Fail("stat /build/" + path);
  if (!S_ISREG(status.st_mode) && !LeftOut(Layer::kOutputTypes)) {
    return Refuse(path, "changed while it was read");
  }
  if (status.st_nlink > 1 && !LeftOut(Layer::kOutputHardLinks) &&
      !linked_.emplace(status.st_dev, status.st_ino).second) {
    return Refuse(path, "is a second name (hard link) of another output");
  }
  return Emit(EntryType::kFile, status, path, file.get());
}

bool Collector::TakeDirectory(int directory, const std::string& name, const std::string& path) {
  if (levels_.size() >= kOutputDepthMax) {
    return PassLimit(path, "more than " + std::to_string(kOutputDepthMax) + " folders in folders");
  }
  Level level;
  level.path = path;
  level.directory =
      UniqueFd(OpenAt2(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, Resolve()));
  if (!level.directory.valid()) return Fail("opening /build/" + path);
  struct stat status = {};
  if (fstat(level.directory.get(), &status) != 0) return Fail("stat /build/" + path);
  int copy = openat(level.directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* stream = copy < 0 ? nullptr : fdopendir(copy);
  if (stream == nullptr) {
    if (copy >= 0) close(copy);
    return Fail("reading /build/" + path);
  }
  while (dirent* entry = readdir(stream)) {
    std::string found = entry->d_name;
    if (found != "." && found != "..") level.names.push_back(std::move(found));
    if (level.names.size() + entries_ > kOutputEntriesMax) break;
  }
  closedir(stream);
  if (level.names.size() + entries_ > kOutputEntriesMax) return PassEntriesMax(path);
  std::sort(level.names.begin(), level.names.end());
  if (!Emit(EntryType::kDirectory, status, path, -1)) return false;
  levels_.push_back(std::move(level));
  return true;
}

bool Collector::TakeSymlink(int directory, const std::string& name, const std::string& path,
                            std::size_t depth) {
  char buffer[PATH_MAX];
  ssize_t size = readlinkat(directory, name.c_str(), buffer, sizeof buffer);
  if (size <= 0 || size >= PATH_MAX) return Refuse(path, "has an unreadable target");
  std::string target(buffer, static_cast<std::size_t>(size));
  if (!IsPlainText(target)) return Refuse(path, "has a target that is not plain text");
  if (!IsInwardTarget(target, depth) && !LeftOut(Layer::kOutputLinks)) {
    return Refuse(path, "is a symlink that leads out of the output");
  }
  struct stat status = {};
  status.st_mode = 0777;
  return Emit(EntryType::kSymlink, status, path + '\0' + target, -1);
}

bool Collector::Take(int directory, const std::string& name, const std::string& path,
                     std::size_t depth) {
  if (++entries_ > kOutputEntriesMax) return PassEntriesMax(path);
  if (!IsPlainText(name) && !LeftOut(Layer::kOutputNames)) {
    return Refuse(path, "has a name that is not plain UTF-8 without control characters");
  }
  if (path.size() >= PATH_MAX)
    return PassLimit(path, "a path longer than " + std::to_string(PATH_MAX));
  struct stat status = {};
  if (fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return Fail("stat /build/" + path);
  }
  switch (status.st_mode & S_IFMT) {
    case S_IFREG:
      return TakeFile(directory, name, path);
    case S_IFDIR:
      return TakeDirectory(directory, name, path);
    case S_IFLNK:
      return TakeSymlink(directory, name, path, depth);
    case S_IFIFO:
      if (LeftOut(Layer::kOutputTypes)) return TakeFile(directory, name, path);
      return Refuse(path, "is a FIFO");
    case S_IFSOCK:
      return Refuse(path, "is a socket");
    default:
      return Refuse(path, "is a device");
  }
}

bool Collector::TakeOutput(const std::string& path) {
  std::size_t slash = path.rfind('/');
  std::string parent = slash == std::string::npos ? "." : path.substr(0, slash);
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  UniqueFd directory(
      OpenAt2(build_, parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, Resolve()));
  struct stat status = {};
  if (!directory.valid() ||
      fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      refused = true;
      refusal = {Ended::kOutputMissing, "/build/" + path};
      return false;
    }
    if (errno == ELOOP || errno == EXDEV) return Refuse(path, "lies behind a symlink or a mount");
    return Fail("opening the folder of /build/" + path);
  }
  levels_.clear();
  if (!Take(directory.get(), name, path, 0)) return false;
  while (!levels_.empty()) {
    if (levels_.back().next == levels_.back().names.size()) {
      levels_.pop_back();
      continue;
    }
    Level& level = levels_.back();
    std::string next = level.names[level.next++];
    // Taking a folder adds a level, which may move this one: copy what is needed.
    int at = level.directory.get();
    std::string next_path = level.path + "/" + next;
    if (!Take(at, next, next_path, levels_.size() - 1)) return false;
  }
  return true;
}

}  // namespace

bool IsInwardTarget(const std::string& target, std::size_t depth) {
  if (target.empty() || target[0] == '/') return false;
  bool descended = false;
  std::size_t up = 0;
  for (const std::string& part : Split(target, '/')) {
    if (part == "..") {
      if (descended) return false;
      ++up;
    } else if (!part.empty() && part != ".") {
      descended = true;
    }
  }
  return up <= depth;
}

mode_t OutputMode(mode_t mode) { return mode & (LeftOut(Layer::kOutputModes) ? 07777 : 0777); }

Status CollectOutputs(const Spec& spec, int channel) {
  UniqueFd build(open("/build", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!build.valid()) return SystemError("opening /build");
  return CollectOutputsFrom(build.get(), spec, channel);
}

Status CollectOutputsFrom(int build, const Spec& spec, int channel) {
  Collector collector(build, channel);
  for (const std::string& output : spec.outputs) {
    if (collector.TakeOutput(output)) continue;
    if (!collector.refused) return collector.failure;
    return Send(channel, Kind::kRefused, {static_cast<std::int64_t>(collector.refusal.ended)},
                collector.refusal.reason);
  }
  return Send(channel, Kind::kCollected);
}

}  // namespace sandbox
