#include "farm/site/root_cache.h"

#include <utility>

#include "farm/base/files.h"

namespace farm {

RootCache::RootCache(BlobStore& packages, std::string directory, AssemblySandbox sandbox)
    : packages_(packages), directory_(std::move(directory)), sandbox_(std::move(sandbox)) {}

Result<ReadyRoot> RootCache::Get(const Lock& lock, const Stopped& stopped,
                                 const std::function<void(std::string_view)>& progress) {
  const bool mounts_images = sandbox_.monitor_fd >= 0;
  const AssemblyKeeps keeps{.tar = false, .image = mounts_images, .tree = !mounts_images};
  const std::string directory = JoinPath(directory_, LockDigest(lock).Hex());
  AssemblySandbox sandbox = sandbox_;
  sandbox.cancelled = stopped;

  auto assembled = FindAssembled(lock, directory, keeps, sandbox);
  // Stopping says nothing against what is there.
  if (!assembled && assembled.error().Exit() == ExitCode::kCancelled) return assembled.error();
  if (!assembled) {
    // Not there, less than is needed, changed, or noted without its lock: made anew.
    RETURN_IF_ERROR(RemoveAssembled(directory, sandbox));
    AssembleRequest request{lock, {}, directory, keeps};
    for (const LockedPackage& package : lock.packages) {
      request.packages[package.sha256] = packages_.PathOf(package.sha256);
    }
    assembled = AssembleRoot(request, sandbox, progress);
  }
  if (!assembled) return assembled.error();
  return ReadyRoot{.directory = mounts_images ? "" : assembled->tree_path,
                   .image = mounts_images ? assembled->image_path : "",
                   .root_tar = assembled->root_tar,
                   .image_digest = assembled->image};
}

}  // namespace farm
