#include "farm/cli/audit_checks.h"

namespace farm {
namespace {

Status CheckTree(const ManifestSource& source, const TreeIdentity& tree) {
  const auto differs = [&](const std::string& what, const std::string& found,
                           const std::string& wanted) {
    return Error{ErrorCode::kMismatch, "source " + source.name + " unpacks to " + what + " " +
                                           found + ", the manifest says " + wanted};
  };
  if (tree.sha256 != source.tree) return differs("tree", tree.sha256, source.tree);
  const auto* git = std::get_if<GitOrigin>(&source.origin);
  if (git != nullptr && tree.sha1 != git->tree_sha1) {
    return differs("SHA-1 git tree", tree.sha1, git->tree_sha1);
  }
  return {};
}

}  // namespace

Status HashInputs(const ReadManifest& read, const BlobStore& store, const Output& output) {
  const auto progress = ProgressOf(output);
  for (const NeededBlob& blob : NeededBlobs(read)) {
    std::uint64_t size = 0;
    const Status status = store.Get(blob.digest, [&](std::string_view piece) -> Status {
      size += piece.size();
      return {};
    });
    if (!status) return Wrap(blob.what, status.error());
    if (size != blob.size) {
      return Error{ErrorCode::kMismatch, blob.what + " has " + std::to_string(size) +
                                             " bytes, want " + std::to_string(blob.size)};
    }
    progress("hashed " + blob.what);
  }
  EndProgressInPlace(output);
  return {};
}

Result<std::vector<TreeIdentity>> IdentifySources(const std::vector<ManifestSource>& sources,
                                                  const Unpacker& unpack) {
  std::vector<TreeIdentity> trees;
  for (const ManifestSource& source : sources) {
    auto tree = unpack(source);
    if (!tree) return Wrap("source " + source.name, tree.error());
    RETURN_IF_ERROR(CheckTree(source, *tree));
    trees.push_back(*std::move(tree));
  }
  return trees;
}

}  // namespace farm
