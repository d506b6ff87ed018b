#include "farm/ceremony/published_tree.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/file_lock.h"
#include "farm/base/found_file.h"
#include "farm/ceremony/newest_releases.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/bundle.h"
#include "farm/json/json.h"
#include "farm/sign/doctor.h"

namespace farm {
namespace {

constexpr std::uint64_t kTargetBytesMax = kBundleFileBytesMax;  // the largest of them
constexpr char kMetadataFolder[] = "tuf";
constexpr char kNextMetadataFolder[] = ".tuf.next";  // no product's: those begin with no dot
constexpr char kLockName[] = ".lock";                // nor this one

std::string RootPath(const std::string& directory, std::int64_t version) {
  return JoinPath(directory, "root/" + std::to_string(version) + ".json");
}

std::string MetadataName(TufRole role) { return std::string(TufRoleName(role)) + ".json"; }
std::string MetadataName(std::int64_t root_version) {
  return std::to_string(root_version) + ".root.json";
}

// A file that is missing is not what is wanted.
Result<bool> Holds(const std::string& path, const std::string& bytes) {
  if (!FileExists(path)) return false;
  ASSIGN_OR_RETURN(const std::string old, ReadFoundFile(path, kTargetBytesMax));
  return old == bytes;
}

Status WriteChanged(FileSystem& files, const std::string& path, const std::string& bytes) {
  ASSIGN_OR_RETURN(const bool there, Holds(path, bytes));
  return there ? Status() : WriteDurably(files, path, bytes);
}

// One at a time publishes.  Whoever can open the file can hold it, so it is its maker's alone.
Result<FileLock> LockTree(const std::string& directory) {
  const std::string path = JoinPath(directory, kLockName);
  auto lock = FileLock::WaitFor(path, kLockWaitMax);
  // One that is held can be opened, and is never to be removed.
  if (lock || access(path.c_str(), R_OK | W_OK) == 0) return lock;
  Error error = lock.error();
  error.message += "; publish as the user who did before, or remove it";
  return error;
}

// Publishes one tree; keeps what one step finds for the next.  All is signed before anything but
// root/ changes; then come the targets, then the metadata in one step.
class Publisher {
 public:
  Publisher(FileSystem& files, const PublishOrder& order) : files_(files), order_(order) {}

  Result<PublishedTargets> Run() {
    for (Signer* signer : order_.signers) RETURN_IF_ERROR(CheckCanary(*signer));
    RETURN_IF_ERROR(MakeDirectoriesDurably(files_, JoinPath(order_.directory, "root")));
    ASSIGN_OR_RETURN(const FileLock lock, LockTree(order_.directory));
    RETURN_IF_ERROR(AddRoots());
    RETURN_IF_ERROR(CheckRoot());
    RETURN_IF_ERROR(FindTargets());
    ASSIGN_OR_RETURN(const TufFile targets,
                     Renew(TufRole::kTargets, targets_, order_.lifetimes.targets_days));
    ASSIGN_OR_RETURN(const TufFile snapshot, Renew(TufRole::kSnapshot, {{"targets.json", targets}},
                                                   order_.lifetimes.snapshot_days));
    RETURN_IF_ERROR(
        Renew(TufRole::kTimestamp, {{"snapshot.json", snapshot}}, order_.lifetimes.timestamp_days));
    for (const auto& [path, bytes] : changing_) {
      RETURN_IF_ERROR(WriteChanged(files_, JoinPath(order_.directory, path), bytes));
    }
    RETURN_IF_ERROR(PutMetadata());
    return std::move(published_);
  }

 private:
  TrustRoot& root() { return published_.root; }

  // The chain goes on with `next`.
  void Follow(TrustRoot next) {
    chain_.push_back(next);
    published_.root = std::move(next);
  }

  Status AddRoots() {
    ASSIGN_OR_RETURN(const std::vector<std::int64_t> versions,
                     PublishedRootVersions(order_.directory));
    if (order_.roots.empty()) {
      return Error{ErrorCode::kNotFound,
                   order_.directory +
                       ": whose is it? give a root of it that you hold with --root FILE; what "
                       "lies in the tree alone could be anybody's"};
    }
    ASSIGN_OR_RETURN(TrustRoot held, ReadNewRoot(order_.roots.front()));
    held_version_ = held.version;
    std::size_t first_new = 0;
    if (versions.empty()) {
      first_new = 1;
      Follow(std::move(held));
      RETURN_IF_ERROR(PutRoot(order_.roots.front(), root().version));
    } else {
      // What was published is not judged again, but it is one chain to its end.
      for (std::size_t i = 0; i < versions.size(); ++i) {
        ASSIGN_OR_RETURN(TrustRoot next, ReadPublishedRoot(order_.directory, versions[i]));
        if (i > 0) {
          const Status follows = CheckNextRoot(next, root());
          if (!follows) return Wrap(RootPath(order_.directory, versions[i]), follows.error());
        }
        Follow(std::move(next));
        RETURN_IF_ERROR(PutRoot(RootPath(order_.directory, versions[i]), versions[i]));
      }
    }
    for (std::size_t i = first_new; i < order_.roots.size(); ++i) {
      const std::string& path = order_.roots[i];
      ASSIGN_OR_RETURN(TrustRoot next, ReadNewRoot(path));
      ASSIGN_OR_RETURN(const bool known, IsPublished(next));
      if (known) continue;
      const Status follows = CheckNextRoot(next, root());
      if (!follows) return Wrap(path, follows.error());
      Follow(std::move(next));
      RETURN_IF_ERROR(PutRoot(path, root().version));
    }
    changing_["trusted_root.json"] = WriteSigstoreTrustedRoot(root());
    changing_["keyring.json"] = WriteSigstoreKeyring(root());
    return {};
  }

  // Whether the tree has exactly this file since an attempt before.
  Result<bool> IsPublished(const TrustRoot& next) {
    const std::string path = RootPath(order_.directory, next.version);
    if (!FileExists(path)) return false;
    ASSIGN_OR_RETURN(const std::string bytes, ReadFoundFile(path, kTrustRootBytesMax));
    return Sha256(bytes) == next.digest;
  }

  Result<TrustRoot> ReadNewRoot(const std::string& path) {
    ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kTrustRootBytesMax));
    return ParseTrustRoot(bytes, path);
  }

  Status PutRoot(const std::string& from, std::int64_t version) {
    ASSIGN_OR_RETURN(const std::string bytes, ReadFoundFile(from, kTrustRootBytesMax));
    RETURN_IF_ERROR(WriteChanged(files_, RootPath(order_.directory, version), bytes));
    metadata_[MetadataName(version)] = bytes;
    return {};
  }

  Status CheckRoot() {
    if (root().timestamp.keys.empty()) {
      return Error{ErrorCode::kInvalidInput,
                   "root " + std::to_string(root().version) +
                       " names no keys for timestamp, snapshot and targets: make one that does "
                       "(farm root new)"};
    }
    if (order_.now <= root().expires) return {};
    return Error{ErrorCode::kUntrusted,
                 "root " + std::to_string(root().version) + " expired at " +
                     FormatTime(root().expires) + ": every client refuses what follows from it",
                 ExitCode::kNotValidThen};
  }

  Status FindTargets() {
    ASSIGN_OR_RETURN(NewestReleases newest,
                     FindNewestReleases(order_.directory, root(), order_.policy, order_.now));
    published_.warnings = std::move(newest.warnings);
    for (const JudgedRelease& release : newest.releases) {
      changing_[release.product + "/newest.sigstore.jsonl"] = release.bundle_file;
    }
    // A monitor's status is none: farmd replaces it whenever the monitor speaks, and has no key.
    for (const auto& [path, bytes] : changing_) targets_[path] = FileOf(bytes, 0);
    return {};
  }

  static TufFile FileOf(const std::string& bytes, std::int64_t version) {
    return {Sha256(bytes), bytes.size(), version};
  }

  // The role's metadata over `below`: what stands there, where it still serves, or the next one.
  Result<TufFile> Renew(TufRole role, std::map<std::string, TufFile> below, std::int64_t days) {
    const std::string path = InMetadata(MetadataName(role));
    TufMetadata next;
    next.role = role;
    if (FileExists(path)) {
      ASSIGN_OR_RETURN(const std::string bytes, ReadFoundFile(path, kTufMetadataBytesMax));
      ASSIGN_OR_RETURN(TufMetadata old, ParseTufMetadata(bytes, role, path));
      const bool serves = role != TufRole::kTimestamp && old.files == below &&
                          old.expires - order_.now > days * kDaySeconds / 2 &&
                          CheckTufSignatures(old, root());
      if (serves) {
        return Take(std::move(old), bytes);
      }
      RETURN_IF_ERROR(CheckGoesOn(old, path));
      next.version = old.version + 1;
    }
    next.files = std::move(below);
    next.expires = order_.now + days * kDaySeconds;
    RETURN_IF_ERROR(Sign(next));
    const std::string bytes = WriteTufMetadata(next);
    RETURN_IF_ERROR(ParseTufMetadata(bytes, role, path));
    return Take(std::move(next), bytes);
  }

  // Whoever can write the tree writes any version into it: only one that keys of the chain have
  // signed is gone on from.  Those of an older root count, as its successor may have other keys;
  // not those of one older than all that we hold, which may be of his own making.
  Status CheckGoesOn(const TufMetadata& old, const std::string& path) const {
    const bool ours = std::any_of(chain_.begin(), chain_.end(), [&](const TrustRoot& one) {
      return one.version >= held_version_ && CheckTufSignatures(old, one).has_value();
    });
    if (!ours) {
      return Error{ErrorCode::kUntrusted,
                   path + ": has version " + std::to_string(old.version) +
                       ", and too few signatures for every root from version " +
                       std::to_string(held_version_) +
                       " on; want what was published last: bring that back from a copy of the "
                       "tree, or give the root before with --root, too",
                   ExitCode::kBadSignature};
    }
    if (old.version < kJsonIntegerMax) return {};
    return Error{ErrorCode::kLimitExceeded,
                 path + ": has version " + std::to_string(old.version) +
                     ", after which there is none; want a lower one: bring that back from a copy "
                     "of the tree, and give the role other keys in the next root"};
  }

  TufFile Take(TufMetadata metadata, const std::string& bytes) {
    const TufFile file = FileOf(bytes, metadata.version);
    metadata_[MetadataName(metadata.role)] = bytes;
    published_.metadata.push_back(std::move(metadata));
    return file;
  }

  std::string InMetadata(const std::string& name) const {
    return JoinPath(JoinPath(order_.directory, kMetadataFolder), name);
  }

  // No client ever finds a part of the new metadata beside a part of the old: a timestamp alone
  // fits what is there, anything else comes in a new folder.
  Status PutMetadata() {
    const std::string folder = JoinPath(order_.directory, kMetadataFolder);
    const std::string next = JoinPath(order_.directory, kNextMetadataFolder);
    RETURN_IF_ERROR(RemoveTree(files_, next));  // what a crash left
    ASSIGN_OR_RETURN(const bool fits, TimestampFits());
    const std::string timestamp = MetadataName(TufRole::kTimestamp);
    if (fits) return WriteDurably(files_, InMetadata(timestamp), metadata_.at(timestamp));
    RETURN_IF_ERROR(MakeMetadataFolder(next));
    const bool replaces = FileExists(folder);
    const Status placed = replaces ? files_.Exchange(next, folder) : files_.Rename(next, folder);
    if (!placed) {
      return Wrap(
          "the tree must be on a file system that exchanges two folders in one step; copy it "
          "from there",
          placed.error());
    }
    RETURN_IF_ERROR(files_.SyncDirectory(order_.directory));
    return replaces ? RemoveTree(files_, next) : Status();
  }

  Result<bool> TimestampFits() const {
    for (const auto& [name, bytes] : metadata_) {
      if (name == MetadataName(TufRole::kTimestamp)) continue;
      ASSIGN_OR_RETURN(const bool there, Holds(InMetadata(name), bytes));
      if (!there) return false;
    }
    return true;
  }

  Status MakeMetadataFolder(const std::string& folder) {
    RETURN_IF_ERROR(files_.MakeDirectory(folder));
    for (const auto& [name, bytes] : metadata_) {
      ASSIGN_OR_RETURN(const auto file, files_.Create(JoinPath(folder, name), false));
      RETURN_IF_ERROR(file->Append(bytes));
      RETURN_IF_ERROR(file->Sync());
    }
    return files_.SyncDirectory(folder);
  }

  Status Sign(TufMetadata& metadata) {
    const ServedRole& role = KeysOfRole(root(), metadata.role);
    const std::string to_sign = WriteTufSigned(metadata);
    for (Signer* signer : order_.signers) {
      if (std::find(role.keys.begin(), role.keys.end(), signer->key()) == role.keys.end()) continue;
      ASSIGN_OR_RETURN(std::string signature, signer->Sign(to_sign));
      // One bad signature among enough good ones would be published.
      if (const auto good = signer->key().Verify(to_sign, signature); !good) {
        return Error{ErrorCode::kUntrusted,
                     "new " + std::string(TufRoleName(metadata.role)) +
                         " metadata: the signature of key " + signer->key().KeyId() +
                         " does not verify; do not use this key or token any more"};
      }
      metadata.signatures.push_back({signer->key().KeyId(), std::move(signature)});
    }
    const Status enough = CheckTufSignatures(metadata, root());
    if (enough) return {};
    return Error{ErrorCode::kUntrusted,
                 "new " + enough.error().message + ": give the keys with --key",
                 ExitCode::kBadSignature};
  }

  FileSystem& files_;
  const PublishOrder& order_;
  PublishedTargets published_;
  std::int64_t held_version_ = 0;                // of the first of order_.roots
  std::vector<TrustRoot> chain_;                 // to the newest, which is published_.root
  std::map<std::string, std::string> changing_;  // by path: the targets that are ours to write
  std::map<std::string, TufFile> targets_;
  std::map<std::string, std::string> metadata_;  // by name: all of the metadata's folder
};

}  // namespace

Result<PublishedTargets> PublishTargets(FileSystem& files, const PublishOrder& order) {
  return Publisher(files, order).Run();
}

Result<std::vector<std::int64_t>> PublishedRootVersions(const std::string& directory) {
  std::vector<std::int64_t> versions;
  const std::string folder = JoinPath(directory, "root");
  if (!FileExists(folder)) return versions;
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(folder));
  for (const std::string& name : names) {
    if (!name.ends_with(".json")) continue;
    const auto number = ParseDecimal(std::string_view(name).substr(0, name.size() - 5), 1ULL << 53);
    if (number && *number > 0) versions.push_back(static_cast<std::int64_t>(*number));
  }
  if (versions.size() > kPublishedRootsMax) {
    return Error{ErrorCode::kLimitExceeded,
                 folder + ": more than " + std::to_string(kPublishedRootsMax) + " roots"};
  }
  std::sort(versions.begin(), versions.end());
  return versions;
}

Result<TrustRoot> ReadPublishedRoot(const std::string& directory, std::int64_t version) {
  const std::string path = RootPath(directory, version);
  ASSIGN_OR_RETURN(const std::string bytes, ReadFoundFile(path, kTrustRootBytesMax));
  ASSIGN_OR_RETURN(TrustRoot root, ParseTrustRoot(bytes, path));
  if (root.version == version) return root;
  return Error{ErrorCode::kInvalidInput,
               path + ": is root " + std::to_string(root.version) + " under another's name"};
}

}  // namespace farm
