#include "sandbox/disk_usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "sandbox/system.h"

namespace sandbox {
namespace {

constexpr int kDepthMax = 500;  // each level holds a descriptor
constexpr unsigned kMask = STATX_BASIC_STATS | STATX_MNT_ID;

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

class Walk {
 public:
  explicit Walk(std::uint64_t mount) : mount_(mount) {}
  const DiskUsage& usage() const { return usage_; }

  Status Enter(UniqueFd descriptor, int depth) {
    if (depth > kDepthMax) return Status::Failed("measuring the disk: too many folders in folders");
    Folder folder(fdopendir(descriptor.get()));
    if (folder == nullptr) return SystemError("measuring the disk");
    descriptor.release();
    while (dirent* entry = readdir(folder.get())) {
      std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (Status status = Take(dirfd(folder.get()), entry->d_name, depth); !status.ok()) {
        return status;
      }
    }
    return {};
  }

 private:
  Status Take(int folder, const char* name, int depth) {
    struct statx file = {};
    if (statx(folder, name, AT_SYMLINK_NOFOLLOW, kMask, &file) != 0) return {};  // it has gone
    if (file.stx_mnt_id != mount_) return {};
    if (!S_ISDIR(file.stx_mode)) {
      bool is_new = file.stx_nlink == 1 || linked_.insert(file.stx_ino).second;
      if (is_new) Add(file);
      return {};
    }
    Add(file);
    UniqueFd below(openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (below.valid()) return Enter(std::move(below), depth + 1);
    bool is_another = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
    // The command cannot close a folder to the caller, who has rights over its files; others may
    // have.
    bool is_foreign = errno == EACCES;
    return is_another || is_foreign ? Status() : SystemError("measuring the disk");
  }

  void Add(const struct statx& file) {
    usage_.bytes += file.stx_blocks * 512;
    ++usage_.inodes;
  }

  std::uint64_t mount_;
  DiskUsage usage_;
  std::set<std::uint64_t> linked_;  // inodes with several names; one mount is one file system
};

}  // namespace

Result<DiskUsage> MeasureDisk(const char* path) {
  UniqueFd top(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct statx file = {};
  if (!top.valid() || statx(top.get(), "", AT_EMPTY_PATH, kMask, &file) != 0) {
    return SystemError("measuring the disk");
  }
  Walk walk(file.stx_mnt_id);
  if (Status status = walk.Enter(std::move(top), 0); !status.ok()) return status;
  return walk.usage();
}

}  // namespace sandbox
