// farm toolchain lock, build, digest.
#include <unistd.h>

#include <map>

#include "farm/base/amount.h"
#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/cli/commands.h"
#include "farm/cli/describe.h"
#include "farm/cli/inputs.h"
#include "farm/cli/interruption.h"
#include "farm/cli/sandbox_place.h"
#include "farm/json/json.h"
#include "farm/store/blob_store.h"
#include "farm/toolchain/assemble.h"
#include "farm/toolchain/fetch.h"
#include "farm/toolchain/resolve.h"

namespace farm {
namespace {

Result<Lock> ReadLockFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kLockBytesMax));
  return text.starts_with('{') ? ParseLockJson(text) : ParseLockText(text, path);
}

// A lock file, or the lock of a manifest.
Result<Lock> ReadLockOfFile(const std::string& path) {
  auto lock = ReadLockFile(path);
  if (lock) return lock;
  auto manifest = ReadManifestFile(path, "");
  if (manifest) return std::move(manifest->lock);
  return path.find("manifest") != std::string::npos ? manifest.error() : lock.error();
}

Result<AssemblySandbox> OpenAssembly(const std::string& launcher) {
  AssemblySandbox sandbox;
  ASSIGN_OR_RETURN(sandbox.launcher, FindLauncher(launcher));
  ASSIGN_OR_RETURN(const SubordinateRange range, RangeIfRoot());
  ASSIGN_OR_RETURN(sandbox.monitor_fd, MonitorDescriptor());
  sandbox.subid_base = range.base;
  sandbox.subid_count = range.count;
  sandbox.cancelled = Interruption::Requested;
  return sandbox;
}

// Host paths of the lock's packages in the store.  Errors: exit 22 naming the first that is
// missing.
Result<std::map<Digest, std::string>> PackagePaths(const Lock& lock, const BlobStore& store,
                                                   const std::string& store_path) {
  std::map<Digest, std::string> paths;
  for (const LockedPackage& package : lock.packages) {
    if (!store.Has(package.sha256)) {
      return Error{ErrorCode::kNotFound,
                   "package " + package.name + " " + package.version + " is not in " + store_path +
                       "; get it with `farm fetch MANIFEST --store " + store_path + "`"};
    }
    paths[package.sha256] = store.PathOf(package.sha256);
  }
  return paths;
}

// Packages of a new lock into the store.
Status FetchInto(const Lock& lock, const AptPlace& place, BlobStore& store,
                 const std::string& store_path, const Output& output) {
  ASSIGN_OR_RETURN(const TemporaryDirectory directory, TemporaryDirectory::Make(store_path));
  Lock missing = lock;
  std::erase_if(missing.packages, [&](const LockedPackage& one) { return store.Has(one.sha256); });
  if (missing.packages.empty()) return {};
  ASSIGN_OR_RETURN(const FetchedPackages fetched,
                   FetchPackages(missing, place, directory.path(), ProgressOf(output)));
  for (const auto& [digest, path] : fetched.paths) RETURN_IF_ERROR(store.PutFileAs(path, digest));
  if (fetched.lost.empty()) return {};
  return Error{ErrorCode::kNotFound, DescribeLost(fetched.lost)};
}

LockRequest RequestOf(const ToolchainLockArguments& arguments) {
  LockRequest request;
  request.architecture = "amd64";
  request.source_date_epoch = arguments.source_date_epoch;
  request.names = arguments.packages;
  std::sort(request.names.begin(), request.names.end());
  request.build_depends_of = arguments.build_depends_of;
  request.suites =
      arguments.suites.empty() ? std::vector<std::string>{"bookworm"} : arguments.suites;
  return request;
}

Status MakeLock(const ToolchainLockArguments& arguments, const LockMachine& machine,
                const Output& output) {
  std::optional<Lock> before;
  LockRequest request = RequestOf(arguments);
  if (!arguments.refresh.empty()) {
    ASSIGN_OR_RETURN(before, ReadLockFile(arguments.refresh));
    request = before->requested;
  }
  RETURN_IF_ERROR(MakeDirectories(arguments.store, 0755));
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobStore> store,
                   BlobStore::Open(RealFileSystem(), arguments.store));
  AptPlace place = machine.apt;
  place.directory = JoinPath(arguments.store, "apt");
  ASSIGN_OR_RETURN(Lock lock, ResolveLock(request, place, ProgressOf(output)));
  EndProgressInPlace(output);
  if (before) {
    // The difference is shown before anything is changed.
    SayLockDifference(*before, lock, arguments, output);
    if (arguments.out.empty()) return {};
  }
  if (arguments.out.empty()) return Error{ErrorCode::kInvalidInput, "--out FILE is missing"};
  RETURN_IF_ERROR(FetchInto(lock, place, *store, arguments.store, output));
  ASSIGN_OR_RETURN(const auto paths, PackagePaths(lock, *store, arguments.store));
  const Interruption interruption;
  ASSIGN_OR_RETURN(AssemblySandbox sandbox, OpenAssembly(arguments.launcher));
  sandbox.run = machine.assemble;
  ASSIGN_OR_RETURN(const TemporaryDirectory scratch, TemporaryDirectory::Make(arguments.store));
  ASSIGN_OR_RETURN(const Assembled assembled,
                   AssembleRoot({lock, paths, JoinPath(scratch.path(), "root"), {}}, sandbox,
                                ProgressOf(output)));
  EndProgressInPlace(output);
  lock = CompleteLock(lock, assembled);
  RETURN_IF_ERROR(WriteDurably(RealFileSystem(), arguments.out, LockText(lock)));
  Say(output, arguments.out + "  " + LockDigest(lock).Text());
  Answer(output, {{"lock", LockDigest(lock).Text()}, {"file", arguments.out}});
  return {};
}

Status Build(const ToolchainBuildArguments& arguments, const Output& output) {
  ASSIGN_OR_RETURN(const Lock lock, ReadLockOfFile(arguments.lock));
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobStore> store,
                   BlobStore::Open(RealFileSystem(), arguments.store));
  const Interruption interruption;
  ASSIGN_OR_RETURN(const AssemblySandbox sandbox, OpenAssembly(arguments.launcher));
  const bool image = geteuid() == 0 || sandbox.monitor_fd >= 0;
  const AssemblyKeeps keeps{.tar = false, .image = image, .tree = !image};
  auto assembled = FindAssembled(lock, arguments.out, keeps, sandbox);
  if (!assembled) {
    RETURN_IF_ERROR(RemoveAssembled(arguments.out, sandbox));
    ASSIGN_OR_RETURN(const auto paths, PackagePaths(lock, *store, arguments.store));
    assembled = AssembleRoot({lock, paths, arguments.out, keeps}, sandbox, ProgressOf(output));
    EndProgressInPlace(output);
    if (!assembled) return assembled.error();
  }
  // The root is this very lock's; the file is missing where a run has ended before it wrote it.
  const std::string lock_file = JoinPath(arguments.out, kToolchainLockFile);
  const std::string lock_json = CanonicalLockJson(lock);
  if (const auto kept = ReadFile(lock_file, kLockBytesMax); !kept || *kept != lock_json) {
    RETURN_IF_ERROR(WriteDurably(RealFileSystem(), lock_file, lock_json));
  }
  Say(output, Amount(lock.packages.size(), "package") + "   image " + lock.image.Short() + "  (" +
                  std::to_string(lock.image_size >> 20) + " MiB)");
  Answer(output, {{"lock", LockDigest(lock).Text()},
                  {"rootTar", assembled->root_tar.Text()},
                  {"image", assembled->image.Text()},
                  {"out", arguments.out}});
  return {};
}

int Finish(const Output& output, std::string_view command, const Status& status) {
  return status ? static_cast<int>(ExitCode::kProved) : Fail(output, command, status.error());
}

}  // namespace

void SayLockDifference(const Lock& before, const Lock& after,
                       const ToolchainLockArguments& arguments, const Output& output) {
  const std::string difference = DescribeLockDifference(before, after);
  Say(output, difference.empty() ? "nothing has changed" : difference);
  if (!arguments.out.empty()) return;
  Json changes = Json::array();
  for (const std::string& line : Split(difference, '\n')) {
    if (!line.empty()) changes.push_back(line);
  }
  Answer(output, {{"refreshed", arguments.refresh}, {"changes", changes}, {"file", nullptr}});
}

int RunToolchainLockCommand(const ToolchainLockArguments& arguments, const LockMachine& machine,
                            const Output& output) {
  return Finish(output, "farm toolchain lock", MakeLock(arguments, machine, output));
}

int RunToolchainBuildCommand(const ToolchainBuildArguments& arguments, const Output& output) {
  return Finish(output, "farm toolchain build", Build(arguments, output));
}

int RunToolchainDigestCommand(const std::string& lock_file, const Output& output) {
  const auto lock = ReadLockFile(lock_file);
  if (!lock) return Fail(output, "farm toolchain digest", lock.error());
  Say(output, LockDigest(*lock).Text());
  Answer(output, {{"lock", LockDigest(*lock).Text()}});
  return static_cast<int>(ExitCode::kProved);
}

}  // namespace farm
