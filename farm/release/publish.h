// The published tree: static files that any web server or USB stick can carry (DESIGN section 6).
//   <product>/<version>/<artifact>, <artifact>.sigstore.jsonl, <artifact>.tlog-proof
//                                                               appear together, by one rename
//   <product>/<version>/<product>-<version>.farmkit, ....farmkit.sigstore.jsonl, ....tlog-proof
//   by-digest/<sha256>.sigstore.jsonl, <sha256>.tlog-proof
//   root/<N>.json, trusted_root.json, keyring.json
//   status.json                                                 a monitor's; replaced by newer ones
//   .partial/                                                    on its way in
// Every function can be called again after a crash at any point, with the same outcome.  Whoever
// can write into the tree too is not waited for: what must be a file and is none, such as a named
// pipe, is an error (kInvalidInput) or, in .partial, removed.
#pragma once

#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/evidence/statement.h"
#include "farm/evidence/trust_root.h"
#include "farm/release/state.h"
#include "farm/release/world.h"
#include "farm/store/blob_store.h"
#include "farm/verify/policy.h"

namespace farm {

struct Publication {
  std::string product;
  std::string version;
  std::vector<Artifact> artifacts;
  std::string bundle_file;  // the lines of the release
};

class PublishedTree {
 public:
  // `files` and `store` outlive this; `directory`'s parent must exist.
  PublishedTree(FileSystem& files, BlobStore& store, std::string directory)
      : files_(files), store_(store), directory_(std::move(directory)) {}

  // Root and what follows from it, where they are not yet as they should be.  Where `farm root
  // publish` has put a newer root all stays as it is: farmd hears of it when it is started anew.
  // Errors: kMismatch (another root of the same version is there), kUnavailable.
  Status WriteRoots(const TrustRoot& root, const std::string& root_bytes);
  // Artifacts come from the store.
  // Errors: kMismatch exit 22 (that product and version is there with other bytes); kNotFound (an
  // artifact is not in the store); kUnavailable exit 30.
  Status Publish(const Publication& publication);
  // Writes the kit beside the release.
  Result<KitFacts> AddKit(const Publication& publication, const KitOrder& order, KitMaker& maker);
  // The kit's own line.
  Status AddKitLine(const Publication& publication, const KitFacts& kit, const std::string& line);

  // A monitor's status, as it serves it, if everybody under `root` and `policy` would take it at
  // `now` and it is newer than the one there; true if it was put there.  One there that is dated
  // ahead of `now` is older than every other.  Thread-safe beside all others.
  // Errors: those of VerifyStatus; kUntrusted exit 18 (dated ahead of `now` by more than the
  // policy's clock skew); kMismatch exit 15 (it tells of less of a log than the one there).
  Result<bool> TakeStatus(const std::string& bytes, const TrustRoot& root, const Policy& policy,
                          UnixSeconds now);

  // Whether all of `release` (the PAE digest of its line is `digest`) stands there: each artifact
  // and its copy by digest, the lines that the release names, the kit and its line.  Reads and
  // hashes every file.  The evidence in the lines is for verifiers to judge.
  bool Holds(const Release& release, const Digest& digest) const;
  const std::string& directory() const { return directory_; }

 private:
  std::string Target(const std::string& product, const std::string& version) const;
  Status Prepare(const std::string& product);
  Status CopyBlob(const Artifact& artifact, const std::string& path);
  Status CheckPublished(const Publication& publication) const;
  Status PutFile(const std::string& path, const std::string& bytes);
  Status WriteIfDifferent(const std::string& path, const std::string& bytes);

  FileSystem& files_;
  BlobStore& store_;
  const std::string directory_;
};

}  // namespace farm
