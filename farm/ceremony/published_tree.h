// The published tree as clients of TUF read it: the chain of roots, and the metadata of targets,
// snapshot and timestamp over the files that change.  FORMAT.md.
//   root/<N>.json                     the chain, for farm-verify trust update
//   tuf/<N>.root.json                 the same bytes, under the names that TUF gives them
//   tuf/{targets,snapshot,timestamp}.json
//   <product>/newest.sigstore.jsonl   the bundle of its newest release: a target
//   trusted_root.json, keyring.json   of the newest root: targets
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/ceremony/tuf_metadata.h"
#include "farm/sign/signer.h"
#include "farm/verify/policy.h"

namespace farm {

constexpr std::size_t kPublishedRootsMax = 4096;  // one a day for ten years

// How long a role's metadata lasts: whoever keeps a client from newer ones wins as much time.
struct TufLifetimes {
  std::int64_t targets_days = 366;
  std::int64_t snapshot_days = 90;
  std::int64_t timestamp_days = 14;
};

struct PublishOrder {
  std::string directory;  // of the tree
  // Files, in order: a root that we hold, in the tree or the first for it, and those to add.  What
  // lies in the tree alone could be anybody's.
  std::vector<std::string> roots;
  Policy policy;                 // the newest releases are judged by it, as published
  std::vector<Signer*> signers;  // each signs whatever role its key has; borrowed
  TufLifetimes lifetimes;
  UnixSeconds now = 0;
};

struct PublishedTargets {
  TrustRoot root;
  std::vector<TufMetadata> metadata;  // targets, snapshot, timestamp, as they stand there now
  std::vector<std::string> warnings;  // a status.json that is not heeded, and why
};

// Adds the roots; finds the newest release of each product that the tree's status.json does not
// withdraw, which must be one by Judge without the policy's later demands; signs anew what has
// changed, is half over, or is not signed by the keys of the newest root; always the timestamp.
// Each file appears whole, and the metadata as one: whoever reads tuf/ at any moment, or after a
// crash at any moment, finds the old set or the new one.  Called again it goes on.  Waits for
// another who publishes there, at most kLockWaitMax: the lock of the file .lock in the tree, which
// only its owner can open.
// Each signer signs a canary before anything else is done, and what it signs is verified.
// Errors: kNotFound exit 22 (no root of ours is given, or one of the chain missing), kUntrusted
// exit 24 (a root or release that was newest is gone), exit 18 (the root has expired), exit 11
// (threshold of a root; metadata in the tree that no root from the first of ours on has signed;
// none of the signers can sign what is needed; a signature of one does not verify), those of Judge
// and of the signers; kInvalidInput (the root names no
// keys for the tree; a damaged file), kLimitExceeded (metadata with the highest version that there
// is), kUnavailable.
Result<PublishedTargets> PublishTargets(FileSystem& files, const PublishOrder& order);

// Root `version` of a tree.  Errors: kNotFound, those of ParseTrustRoot; kInvalidInput (it has
// another version inside).
Result<TrustRoot> ReadPublishedRoot(const std::string& directory, std::int64_t version);
// The numbers in root/, sorted.  Errors: kUnavailable, kLimitExceeded.
Result<std::vector<std::int64_t>> PublishedRootVersions(const std::string& directory);

}  // namespace farm
