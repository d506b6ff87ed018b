// The kit, `<product>-<version>.farmkit`: everything a regulator needs to rebuild a release with no
// network.  A canonical ustar, sorted, times = the manifest's source_date_epoch, DATA from published
// bytes only; no image, no program of ours.  Anybody with the same inputs makes the same bytes.
// It is trusted by nobody: every member is checked against release, lock and manifest.
//   README                         what this is and the two ways to use it
//   replay.sh                      rebuilds without any program of ours
//   assemble.sh                    assembler 1 of the toolchain
//   kit.json                       farm-kit/1: product, version, release digest, member list with digests
//   manifest.json                  canonical farm-manifest/1
//   lock.json                      canonical farm-lock/1
//   actions.txt                    the plan's actions in a form that a shell script reads
//   evidence/<artifact>.sigstore.jsonl
//   evidence/root.json             the root it was judged by (the regulator uses HIS OWN)
//   sources/<source>/<file>        raw files of the manifest
//   packages/<sha256>.deb          packages of the lock
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
  std::string manifest;      // canonical farm-manifest/1
  std::string lock;          // canonical farm-lock/1
  std::string bundle_file;   // the release's lines, as published in <artifact>.sigstore.jsonl
  std::string root;          // root.json as published
};

struct WrittenKit {
  std::string file_name;     // "<product>-<version>.farmkit"
  Digest digest;
  std::uint64_t size = 0;
};

// Streams the kit to `sink`; raw inputs come from `blobs` and are digest-checked on the way.
// Errors: kNotFound exit 22 (an input is not in the store), kInvalidInput, the sink's.
Result<WrittenKit> WriteKit(const KitInput& input, BlobStore& blobs, const ByteSink& sink);

}  // namespace farm
