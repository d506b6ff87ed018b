#include "farm/cli/inputs.h"

#include "farm/base/files.h"
#include "farm/crypto/hash.h"

namespace farm {
namespace {

constexpr std::size_t kNamedMissingMax = 5;  // enough to see what kind is missing

// manifests/toolchains beside a parent folder of the manifest.
Result<std::string> FindLock(const std::string& manifest_path, const std::string& name) {
  const std::string file = name + ".lock.textproto";
  std::string folder = DirectoryName(manifest_path);
  for (int level = 0; level < 4; ++level) {
    for (const char* beside : {"", "toolchains/"}) {
      const std::string candidate = JoinPath(folder, beside + file);
      if (FileExists(candidate)) return candidate;
    }
    folder = JoinPath(folder, "..");
  }
  return Error{ErrorCode::kNotFound,
               manifest_path + ": toolchain.name: no " + file +
                   " in a folder `toolchains` above the manifest; name it with --lock FILE"};
}

}  // namespace

Result<ReadManifest> ReadManifestFile(const std::string& path, const std::string& lock_path) {
  ReadManifest read;
  read.path = path;
  ASSIGN_OR_RETURN(read.text, ReadFile(path, kManifestBytesMax));
  if (read.text.starts_with('{')) {
    auto manifest = ParseManifestJson(read.text);
    if (!manifest) return Wrap(path, manifest.error());
    read.manifest = *std::move(manifest);
  } else {
    ASSIGN_OR_RETURN(read.manifest, ParseManifestText(read.text, path));
  }
  read.canonical = CanonicalManifest(read.manifest);
  read.digest = Sha256(read.canonical);
  std::string lock_file = lock_path;
  if (lock_file.empty()) {
    ASSIGN_OR_RETURN(lock_file, FindLock(path, read.manifest.toolchain));
  }
  ASSIGN_OR_RETURN(const std::string lock_text, ReadFile(lock_file, kLockBytesMax));
  if (lock_text.starts_with('{')) {
    auto lock = ParseLockJson(lock_text);
    if (!lock) return Wrap(lock_file, lock.error());
    read.lock = *std::move(lock);
  } else {
    ASSIGN_OR_RETURN(read.lock, ParseLockText(lock_text, lock_file));
  }
  read.canonical_lock = CanonicalLockJson(read.lock);
  const Digest digest = LockDigest(read.lock);
  if (digest != read.manifest.lock) {
    return Error{ErrorCode::kMismatch,
                 path + ": toolchain.lock: the manifest names " + read.manifest.lock.Text() +
                     ", but " + lock_file + " is " + digest.Text() +
                     "; name the right lock with --lock FILE, or have the new one approved"};
  }
  return read;
}

std::vector<NeededBlob> NeededBlobs(const ReadManifest& manifest) {
  std::vector<NeededBlob> needed;
  for (const ManifestSource& source : manifest.manifest.sources) {
    for (const SourceFile& file : source.files) {
      needed.push_back({"source " + source.name + ": " + file.name, file.digest, file.size});
    }
  }
  for (const LockedPackage& package : manifest.lock.packages) {
    needed.push_back({"package " + package.name + " " + package.version, package.sha256,
                      static_cast<std::uint64_t>(package.size)});
  }
  return needed;
}

std::vector<NeededBlob> MissingBlobs(const ReadManifest& manifest, const BlobStore& store) {
  std::vector<NeededBlob> missing;
  for (NeededBlob& blob : NeededBlobs(manifest)) {
    if (!store.Has(blob.digest)) missing.push_back(std::move(blob));
  }
  return missing;
}

Error InputsMissing(const ReadManifest& manifest, const std::vector<NeededBlob>& missing,
                    const std::string& store_path) {
  std::string message = std::to_string(missing.size()) + " inputs are not in " + store_path + ":";
  for (std::size_t i = 0; i < missing.size() && i < kNamedMissingMax; ++i) {
    message += "\n  " + missing[i].what + "  " + missing[i].digest.Text();
  }
  if (missing.size() > kNamedMissingMax) message += "\n  ...";
  return Error{ErrorCode::kNotFound, message + "\nget them with `farm fetch " + manifest.path +
                                         " --store " + store_path + "`"};
}

}  // namespace farm
