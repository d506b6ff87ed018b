// The files a command works on: a manifest as people write it, its toolchain's lock beside it, and
// the raw inputs of both.
#pragma once

#include <string>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/manifest/manifest.h"
#include "farm/store/blob_store.h"
#include "farm/toolchain/lock.h"

namespace farm {

// A manifest with everything that it names by digest and that lies beside it.
struct ReadManifest {
  std::string path;
  std::string text;  // as written
  Manifest manifest;
  std::string canonical;  // farm-manifest/1
  Digest digest;          // of `canonical`
  Lock lock;
  std::string canonical_lock;  // farm-lock/1
};

// Reads a manifest (protobuf text, or canonical JSON if it begins with '{') and its lock:
// `lock_path`, or <name>.lock.textproto in the nearest folder `toolchains` beside one of the
// manifest's parent folders.
// Errors: kNotFound exit 22 naming what is missing, kInvalidInput, kMismatch exit 22 (another
// lock than the manifest names).
Result<ReadManifest> ReadManifestFile(const std::string& path, const std::string& lock_path);

struct NeededBlob {
  std::string what;  // "source dropbear: dropbear_2022.83.orig.tar.bz2", "package gcc-12 12.2.0-14"
  Digest digest;
  std::uint64_t size = 0;
};
// Every raw input of a build: the files of the sources and the packages of the toolchain.
std::vector<NeededBlob> NeededBlobs(const ReadManifest& manifest);
// Those that the store does not have.
std::vector<NeededBlob> MissingBlobs(const ReadManifest& manifest, const BlobStore& store);
// An error exit 22 naming the first few of `missing` and the remedy.
Error InputsMissing(const ReadManifest& manifest, const std::vector<NeededBlob>& missing,
                    const std::string& store_path);

}  // namespace farm
