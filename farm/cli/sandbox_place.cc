#include "farm/cli/sandbox_place.h"

#include <unistd.h>

#include "farm/base/process.h"
#include "farm/cli/init.h"
#include "farm/toolchain/assemble.h"

namespace farm {

Result<std::string> FindLauncher(const std::string& launcher) {
  if (!launcher.empty()) return launcher;
  const std::string folder = DirectoryName(OwnProgram());
  for (const char* candidate : {"farm-sandbox", "../../sandbox/farm-sandbox"}) {
    if (const std::string path = JoinPath(folder, candidate); FileExists(path)) return path;
  }
  return Error{ErrorCode::kNotFound,
               "no farm-sandbox beside " + OwnProgram() + "; name it with --launcher FILE"};
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
  auto interruption = std::make_unique<Interruption>();
  ASSIGN_OR_RETURN(TemporaryDirectory scratch, TemporaryDirectory::Make(""));
  SandboxSetup setup;
  ASSIGN_OR_RETURN(setup.launcher, FindLauncher(arguments.launcher));
  ASSIGN_OR_RETURN(const SubordinateRange range, RangeIfRoot());
  setup.check_program = OwnProgram();
  ASSIGN_OR_RETURN(setup.monitor_fd, MonitorDescriptor());
  setup.subid_base = range.base;
  setup.subid_count = range.count;
  setup.scratch_directory = scratch.path();
  setup.cancelled = Interruption::Requested;
  AssemblySandbox sandbox;
  sandbox.launcher = setup.launcher;
  sandbox.monitor_fd = setup.monitor_fd;
  sandbox.subid_base = range.base;
  sandbox.subid_count = range.count;
  const bool image = (geteuid() == 0 || setup.monitor_fd >= 0) &&
                     FileExists(JoinPath(arguments.toolchain, kToolchainImageFile));
  const AssemblyKeeps keeps{.tar = false, .image = image, .tree = !image};
  auto found = FindAssembled(lock, arguments.toolchain, keeps, sandbox);
  if (!found) {
    Error error = found.error();
    error.message += remedy;
    return error;
  }
  setup.root_image = found->image_path;
  setup.root_directory = found->tree_path;
  return SandboxPlace{std::move(interruption), std::move(scratch), std::move(setup)};
}

}  // namespace farm
