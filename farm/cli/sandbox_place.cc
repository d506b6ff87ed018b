#include "farm/cli/sandbox_place.h"

#include <unistd.h>

#include "farm/base/process.h"
#include "farm/cli/init.h"
#include "farm/crypto/hash.h"

namespace farm {

Result<std::string> FindLauncher(const std::string& launcher) {
  if (!launcher.empty()) return launcher;
  const std::string folder = DirectoryName(OwnProgram());
  for (const char* candidate : {"farm-sandbox", "../../sandbox/farm-sandbox"}) {
    if (const std::string path = JoinPath(folder, candidate); FileExists(path)) return path;
  }
  return Error{ErrorCode::kNotFound, "no farm-sandbox beside " + OwnProgram() +
                                         "; name it with --launcher FILE"};
}

Result<SubordinateRange> RangeIfRoot() {
  SubordinateRange range;
  ASSIGN_OR_RETURN(const int monitor, MonitorDescriptor());
  if (geteuid() != 0 || monitor >= 0) return range;
  range.count = kSubordinateIds;
  // Development parties take the first free ranges; commands of root stay clear of them.
  ASSIGN_OR_RETURN(range.base, FreeSubordinateIds({"/etc/subuid", "/etc/subgid"},
                                                  std::uint64_t{16} * kSubordinateIds));
  range.base += 15 * kSubordinateIds;
  return range;
}

Result<SandboxPlace> OpenSandbox(const SandboxArguments& arguments, const Lock& lock) {
  const std::string remedy =
      "; make it with `farm toolchain build MANIFEST --out " + arguments.toolchain + "`";
  auto lock_json = ReadFile(JoinPath(arguments.toolchain, kToolchainLockFile), kLockBytesMax);
  if (!lock_json) return Error{ErrorCode::kNotFound, lock_json.error().message + remedy};
  if (*lock_json != CanonicalLockJson(lock)) {
    return Error{ErrorCode::kMismatch, arguments.toolchain + " holds another toolchain than " +
                                           LockDigest(lock).Text() + remedy};
  }
  ASSIGN_OR_RETURN(TemporaryDirectory scratch, TemporaryDirectory::Make(""));
  SandboxSetup setup;
  ASSIGN_OR_RETURN(setup.launcher, FindLauncher(arguments.launcher));
  ASSIGN_OR_RETURN(const SubordinateRange range, RangeIfRoot());
  setup.check_program = OwnProgram();
  ASSIGN_OR_RETURN(setup.monitor_fd, MonitorDescriptor());
  setup.subid_base = range.base;
  setup.subid_count = range.count;
  setup.scratch_directory = scratch.path();
  const std::string image = JoinPath(arguments.toolchain, kToolchainImageFile);
  const std::string directory = JoinPath(arguments.toolchain, kToolchainDirectory);
  if ((geteuid() == 0 || setup.monitor_fd >= 0) && FileExists(image)) {
    ASSIGN_OR_RETURN(const FileDigest digest, DigestOfFile(image));
    if (digest.digest != lock.image) {
      return Error{ErrorCode::kMismatch, image + " is " + digest.digest.Text() +
                                             ", the lock says " + lock.image.Text() + remedy};
    }
    setup.root_image = image;
  } else if (FileExists(directory)) {
    setup.root_directory = directory;
  } else {
    return Error{ErrorCode::kNotFound, "no root file system in " + arguments.toolchain + remedy};
  }
  return SandboxPlace{std::move(scratch), std::move(setup)};
}

}  // namespace farm
