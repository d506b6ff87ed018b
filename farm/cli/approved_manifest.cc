#include "farm/cli/approved_manifest.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "farm/base/files.h"
#include "farm/store/blob_store.h"

namespace farm {
namespace {

Result<std::string> FetchBlob(FarmClient& farm, const Digest& digest, std::size_t bytes_max) {
  ASSIGN_OR_RETURN(const TemporaryDirectory scratch, TemporaryDirectory::Make(""));
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobStore> store,
                   BlobStore::Open(RealFileSystem(), JoinPath(scratch.path(), "store")));
  RETURN_IF_ERROR(farm.blobs().Get(digest, *store, {}));
  return store->GetBytes(digest, bytes_max);
}

// A manifest that today's rules do not admit has not been approved under them.
Result<bool> IsApproved(FarmClient& farm, const v1::ReleaseInfo& release,
                        const std::string& manifest) {
  if (release.stage() == v1::RELEASED) return true;
  v1::PlanRequest request;
  request.set_manifest(manifest);
  const auto reply = farm.Plan(request);
  if (reply) return reply->approvals() >= std::max(reply->approvals_needed(), 1);
  if (reply.error().code == ErrorCode::kUnavailable) return reply.error();
  return false;
}

}  // namespace

Result<ApprovedManifest> LastApprovedManifest(FarmClient& farm, const ReadManifest& now) {
  ASSIGN_OR_RETURN(const v1::ListReply list, farm.List(now.manifest.product));
  std::vector<v1::ReleaseInfo> releases(list.release().begin(), list.release().end());
  std::erase_if(releases, [&](const v1::ReleaseInfo& release) {
    return release.manifest_digest() == now.digest.Text();
  });
  std::stable_sort(releases.begin(), releases.end(),
                   [](const v1::ReleaseInfo& one, const v1::ReleaseInfo& two) {
                     return one.created() > two.created();
                   });
  if (releases.size() > kReleasesLookedAtMax) releases.resize(kReleasesLookedAtMax);
  for (const v1::ReleaseInfo& release : releases) {
    ASSIGN_OR_RETURN(const Digest digest, Digest::Parse(release.manifest_digest()));
    ASSIGN_OR_RETURN(const std::string bytes, FetchBlob(farm, digest, kManifestBytesMax));
    ASSIGN_OR_RETURN(const bool approved, IsApproved(farm, release, bytes));
    if (!approved) continue;
    ASSIGN_OR_RETURN(Manifest manifest, ParseManifestJson(bytes));
    return ApprovedManifest{std::move(manifest), release.release_id()};
  }
  return Error{ErrorCode::kNotFound,
               "no other manifest of " + now.manifest.product + " has been approved at this farm"};
}

Result<ReadManifest> FetchReadManifest(FarmClient& farm, const Digest& digest) {
  ReadManifest read;
  auto manifest = FetchBlob(farm, digest, kManifestBytesMax);
  if (!manifest) return Wrap("manifest " + digest.Text(), manifest.error());
  read.canonical = *std::move(manifest);
  read.digest = digest;
  ASSIGN_OR_RETURN(read.manifest, ParseManifestJson(read.canonical));
  auto lock = FetchBlob(farm, read.manifest.lock, kLockBytesMax);
  if (!lock) return Wrap("lock of manifest " + digest.Text(), lock.error());
  read.canonical_lock = *std::move(lock);
  ASSIGN_OR_RETURN(read.lock, ParseLockJson(read.canonical_lock));
  return read;
}

}  // namespace farm
