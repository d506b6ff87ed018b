// The kit, `<product>-<version>.farmkit`: everything a regulator needs to rebuild a release with no
// network.  A canonical ustar, sorted, times = the manifest's source_date_epoch, DATA from
// published bytes only; no image, no program of ours.  Anybody with the same inputs makes the same
// bytes. It is trusted by nobody: every member is checked against release, lock and manifest.
//   README                         what this is and the two ways to use it
//   replay.sh                      rebuilds without any program of ours
//   assemble.sh                    assembler 1 of the toolchain
//   manifest.json                  canonical farm-manifest/1
//   lock.json                      canonical farm-lock/1
//   artifacts.txt                  "<sha256>  <name>" of what the release says it published
//   evidence/release.sigstore.jsonl  the release's bundle lines
//   evidence/root.json             the root it was judged by (a regulator uses HIS OWN)
//   packages/packages.list         what assemble.sh reads
//   packages/<sha256>.deb          packages of the lock
//   sources/<sha256>               raw files of the manifest
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/store/blob_store.h"

namespace farm {

struct KitInput {
  std::string manifest;  // canonical farm-manifest/1
  std::string lock;      // canonical farm-lock/1
  std::string
      bundle_file;   // the release's lines, exactly as published in <artifact>.sigstore.jsonl
  std::string root;  // root.json as published
};

struct WrittenKit {
  std::string file_name;  // "<product>-<version>.farmkit"
  Digest digest;
  std::uint64_t size = 0;
};

// Streams the kit to `sink`; raw inputs come from `blobs` and are digest-checked on the way.
// Errors: kNotFound exit 22 (an input is not in the store), kInvalidInput, the sink's.
Result<WrittenKit> WriteKit(const KitInput& input, BlobStore& blobs, const ByteSink& sink);

// What a kit holds, once every data member has been checked: packages against the lock, raw files
// against the manifest, lock against the manifest.  The manifest itself and the bundle lines are
// judged by the reader (JudgeRelease), with a root of his own.
struct Kit {
  KitInput input;
  Digest digest;  // of the whole file
  // Members that this version would write with other bytes (README, replay.sh, ...): harmless, for
  // they are not used here, but worth a line.
  std::vector<std::string> other_texts;
};

// Reads a kit of any size in constant memory; raw inputs go into `blobs`.
// Errors: kInvalidInput (not a kit, a member too many), kNotFound exit 22 (a member is missing),
// kMismatch exit 22 (a member with other bytes than manifest or lock say), each naming the member.
Result<Kit> ReadKit(const std::string& path, BlobStore& blobs);

}  // namespace farm
