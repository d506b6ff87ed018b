#include "sandbox/inputs.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/system.h"

namespace sandbox {
namespace {

constexpr std::uint64_t kResolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;

struct Parent {
  UniqueFd directory;
  std::string name;
};

// Opens the folder that `path` is in, making what is missing.
Result<Parent> OpenParent(const std::string& path, std::uint32_t uid, std::uint32_t gid) {
  Parent parent;
  parent.directory = UniqueFd(open("/build", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent.directory.valid()) return SystemError("opening /build");
  std::vector<std::string> parts = Split(path, '/');
  parent.name = parts.back();
  parts.pop_back();
  for (const std::string& part : parts) {
    int at = parent.directory.get();
    bool made = mkdirat(at, part.c_str(), 0755) == 0;
    if (!made && errno != EEXIST) return SystemError("making the folder of /build/" + path);
    UniqueFd next(OpenAt2(at, part.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, kResolve));
    if (!next.valid()) return SystemError("opening the folder of /build/" + path);
    if (made && fchown(next.get(), uid, gid) != 0) return SystemError("owner of a folder");
    parent.directory = std::move(next);
  }
  return parent;
}

Status CopyBytes(int from, int to) {
  while (true) {
    ssize_t count = sendfile(to, from, nullptr, 1 << 30);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError("copying (is --disk-bytes large enough?)");
    if (count == 0) return {};
  }
}

}  // namespace

Status PlaceInput(const Spec& spec, const Input& input, int source) {
  std::string what = "--input /build/" + input.inside_path;
  Result<Parent> parent = OpenParent(input.inside_path, spec.uid, spec.gid);
  if (!parent.ok()) return parent.status();
  UniqueFd file(OpenAt2(parent->directory.get(), parent->name.c_str(),
                        O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600, kResolve));
  if (!file.valid()) return SystemError(what);
  if (Status status = CopyBytes(source, file.get()); !status.ok()) {
    return Status::Failed(what + ": " + status.message());
  }
  timespec times[2] = {{input.mtime_seconds, 0}, {input.mtime_seconds, 0}};
  if (fchown(file.get(), spec.uid, spec.gid) != 0 || fchmod(file.get(), input.mode) != 0 ||
      futimens(file.get(), times) != 0) {
    return SystemError(what + ": owner, mode and time");
  }
  return {};
}

Status MakeMountPoint(const std::string& path, bool is_directory, std::uint32_t uid,
                      std::uint32_t gid) {
  Result<Parent> parent = OpenParent(path, uid, gid);
  if (!parent.ok()) return parent.status();
  int at = parent->directory.get();
  if (is_directory) {
    if (mkdirat(at, parent->name.c_str(), 0755) == 0 || errno == EEXIST) return {};
    return SystemError("making the folder /build/" + path);
  }
  UniqueFd file(OpenAt2(at, parent->name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644, kResolve));
  if (!file.valid()) return SystemError("making the file /build/" + path);
  return {};
}

}  // namespace sandbox
