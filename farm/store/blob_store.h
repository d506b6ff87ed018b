// BlobStore: a directory of blobs, each under the name of its own digest.
//   DIR/format          "farm-store/1\n"
//   DIR/blobs/ab/<64 hex digits that begin with ab>
//   DIR/partial/...     being written; never looked at by a reader
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/crypto/hash.h"

namespace farm {

// Takes bytes piece by piece.
using ByteSink = std::function<Status(std::string_view)>;

struct StoredBlob {
  Digest digest;
  std::uint64_t size = 0;
  friend bool operator==(const StoredBlob&, const StoredBlob&) = default;
};

class BlobStore;

// A blob on its way in.  Without a successful Commit nothing is left of it.  Not thread-safe.
class BlobWriter {
 public:
  ~BlobWriter();
  BlobWriter(BlobWriter&&) = delete;
  // Errors: kUnavailable (I/O, disk full); the writer is of no use afterwards.
  Status Append(std::string_view piece);
  // After success the blob is there and survives a crash.  Once.
  Result<StoredBlob> Commit();
  // The same; refuses, leaving nothing behind, a blob that is not `expected`.
  // Errors: kMismatch exit 22.
  Result<StoredBlob> CommitAs(const Digest& expected);

 private:
  friend class BlobStore;
  Result<StoredBlob> Publish(const Digest& digest);
  BlobWriter(const BlobStore& store, std::string path, std::unique_ptr<WritableFile> file);
  const BlobStore& store_;
  std::string path_;
  std::unique_ptr<WritableFile> file_;
  Sha256Stream hash_;
  std::uint64_t size_ = 0;
};

// Thread-safe, and safe between processes: two that put the same blob both succeed.  Blobs of any
// size pass in constant memory.  All errors name the path or digest; kUnavailable is exit 30.
class BlobStore {
 public:
  // Makes what is missing below `directory` (whose parent must exist).  `files` outlives this.
  // Errors: kInvalidInput (a store of another format), kUnavailable.
  static Result<std::unique_ptr<BlobStore>> Open(FileSystem& files, const std::string& directory);

  // In.
  Result<std::unique_ptr<BlobWriter>> NewWriter();
  Result<StoredBlob> PutBytes(std::string_view bytes);
  Result<StoredBlob> PutFile(const std::string& path);
  Result<StoredBlob> PutFileAs(const std::string& path, const Digest& expected);  // kMismatch

  // Out.  Get hands over pieces and checks the digest on the way: kMismatch exit 22 after the last
  // piece if the blob has changed on disk, so use nothing before Get has succeeded.
  Status Get(const Digest& digest, const ByteSink& sink) const;
  Result<std::string> GetBytes(const Digest& digest, std::uint64_t bytes_max) const;
  bool Has(const Digest& digest) const;
  Result<std::uint64_t> Size(const Digest& digest) const;
  // For reading only, e.g. as an input of the sandbox.  There or not: see Has.
  std::string PathOf(const Digest& digest) const;

  Result<std::vector<Digest>> List() const;  // sorted
  Status Remove(const Digest& digest);       // kNotFound
  // Removes what crashes left half-written.  Only while nobody else writes to this store.
  Status RemovePartial();

 private:
  friend class BlobWriter;
  BlobStore(FileSystem& files, std::string directory);
  FileSystem& files_;
  std::string directory_;
};

}  // namespace farm
