// PayloadStore: the bytes that a log's leaves name, each a file under its sha256.
//   DIR/<first hex digit>/<64 hex>      DIR/<64 hex>: as logs kept them before; read only
// One folder does not do: that of a common file system takes about 10^7 names of this length.
// Sixteen of them take ten times as many, and are still few to sync with each group.
#pragma once

#include <condition_variable>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/files.h"
#include "farm/base/mutex.h"
#include "farm/base/result.h"

namespace farm {

// Thread-safe.
class PayloadStore {
 public:
  // `files` outlives it.
  PayloadStore(FileSystem& files, std::string directory)
      : files_(files), directory_(std::move(directory)) {}

  // Makes the folders that are missing; the directory's own name is for the caller to sync.
  Status Prepare();
  // Durable when it returns; idempotent.  Callers that come while others are being stored are
  // stored together after them: one of them writes all and syncs all.  An error is that of the
  // group.  Errors: kUnavailable.
  Status Put(const Digest& digest, std::string_view bytes);
  // Errors: kNotFound, kUnavailable, kLimitExceeded.
  Result<std::string> Read(const Digest& digest) const;

 private:
  struct Waiting {
    const Digest& digest;
    std::string_view bytes;
    std::optional<Status> stored = std::nullopt;
  };
  std::string Path(const Digest& digest) const;
  std::string OldPath(const Digest& digest) const;
  std::vector<Waiting*> TakeGroup() REQUIRES(mutex_);
  // By path: writes, syncs and names the files.
  Status WriteAll(const std::map<std::string, std::string_view>& missing);
  Status Store(const std::vector<Waiting*>& group);

  FileSystem& files_;
  const std::string directory_;
  Mutex mutex_;
  std::condition_variable stored_;
  std::vector<Waiting*> waiting_ GUARDED_BY(mutex_);  // each on its caller's stack, who waits
  bool busy_ GUARDED_BY(mutex_) = false;              // one of the callers stores a group
};

}  // namespace farm
