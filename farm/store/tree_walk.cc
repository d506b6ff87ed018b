#include "farm/store/tree_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/store/tree.h"

namespace farm {
namespace {

Error WalkError(std::string_view doing, const std::string& path) {
  const int number = errno;
  return Error{number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
               std::string(doing) + " " + Printable(path, 200) + ": " + std::strerror(number)};
}

// A directory that is being walked.
struct Level {
  std::string path;
  int descriptor;
  std::vector<std::string> names;
  std::size_t next = 0;
};

class Walk {
 public:
  explicit Walk(const TreeVisitor& visitor) : visitor_(visitor) {}
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;
  ~Walk() {
    for (const Level& level : levels_) close(level.descriptor);
  }

  Status Run(int top) {
    RETURN_IF_ERROR(Enter(top, ".", ""));
    while (!levels_.empty()) RETURN_IF_ERROR(Step());
    return {};
  }

 private:
  Status Enter(int parent, const std::string& name, const std::string& path) {
    if (levels_.size() > static_cast<std::size_t>(kTreeDepthMax)) {
      return Error{ErrorCode::kLimitExceeded, Printable(path, 200) + ": deeper than " +
                                                  std::to_string(kTreeDepthMax) + " directories"};
    }
    const int descriptor =
        openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) return WalkError("opening directory", path);
    levels_.push_back(Level{path, descriptor, {}});
    RETURN_IF_ERROR(ReadNames(levels_.back()));
    return visitor_.enter ? visitor_.enter(path, levels_.back().names) : Status();
  }

  Status ReadNames(Level& level) {
    const int copy = fcntl(level.descriptor, F_DUPFD_CLOEXEC, 3);
    DIR* directory = copy < 0 ? nullptr : fdopendir(copy);
    if (directory == nullptr) return WalkError("reading directory", level.path);
    errno = 0;
    Status status;
    while (const dirent* entry = readdir(directory)) {
      if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
      if (++entries_ > kTreeEntriesMax) {
        status = Error{ErrorCode::kLimitExceeded,
                       "more than " + std::to_string(kTreeEntriesMax) + " files"};
        break;
      }
      level.names.push_back(entry->d_name);
    }
    if (status && errno != 0) status = WalkError("reading directory", level.path);
    closedir(directory);
    std::sort(level.names.begin(), level.names.end());
    return status;
  }

  // One name of the innermost directory, or leaves it.
  Status Step() {
    Level& level = levels_.back();
    if (level.next == level.names.size()) {
      const std::string path = level.path;
      close(level.descriptor);
      levels_.pop_back();
      return visitor_.leave ? visitor_.leave(path) : Status();
    }
    TreeItem item;
    item.name = level.names[level.next++];
    item.path = level.path.empty() ? item.name : JoinPath(level.path, item.name);
    item.parent = level.descriptor;
    if (fstatat(item.parent, item.name.c_str(), &item.status, AT_SYMLINK_NOFOLLOW) != 0) {
      return WalkError("reading", item.path);
    }
    if (S_ISLNK(item.status.st_mode)) RETURN_IF_ERROR(ReadTarget(item));
    RETURN_IF_ERROR(visitor_.item(item));
    if (S_ISDIR(item.status.st_mode)) return Enter(item.parent, item.name, item.path);
    return {};
  }

  static Status ReadTarget(TreeItem& item) {
    std::string target(PATH_MAX, '\0');
    const ssize_t size = readlinkat(item.parent, item.name.c_str(), target.data(), target.size());
    if (size < 0) return WalkError("reading link", item.path);
    target.resize(static_cast<std::size_t>(size));
    item.target = std::move(target);
    return {};
  }

  const TreeVisitor& visitor_;
  std::vector<Level> levels_;
  std::uint64_t entries_ = 0;
};

}  // namespace

Status WalkTree(int directory, const TreeVisitor& visitor) { return Walk(visitor).Run(directory); }

Status ReadItem(const TreeItem& item, const ByteSink& sink) {
  const int descriptor =
      openat(item.parent, item.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return WalkError("reading", item.path);
  std::string piece(1 << 20, '\0');
  std::uint64_t left = static_cast<std::uint64_t>(item.status.st_size);
  Status status;
  while (status) {
    const ssize_t count = read(descriptor, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) status = WalkError("reading", item.path);
    if (count <= 0) break;
    if (static_cast<std::uint64_t>(count) > left) {
      left = 1;  // grown
      break;
    }
    left -= static_cast<std::uint64_t>(count);
    status = sink(std::string_view(piece.data(), static_cast<std::size_t>(count)));
  }
  close(descriptor);
  if (status && left != 0) {
    return Error{ErrorCode::kUnavailable,
                 Printable(item.path, 200) + " changed while it was being read"};
  }
  return status;
}

Result<int> OpenDirectory(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return WalkError("opening directory", path);
  return descriptor;
}

}  // namespace farm
