// RootCache: the root file systems that this site assembled itself, once per lock, from pinned
// packages in its own store.  DIR/<lock digest, 64 hex>/ holds what AssembleRoot left: two locks
// share nothing, whatever they say of their roots.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "farm/base/result.h"
#include "farm/site/site.h"
#include "farm/store/blob_store.h"
#include "farm/toolchain/assemble.h"
#include "farm/toolchain/lock.h"

namespace farm {

// Thread-safe: holds nothing but what it was made with.  One Get at a time.
class RootCache {
 public:
  // `directory` must exist; `packages` outlives this.  With a root monitor in `sandbox` the image
  // is kept, to be mounted; else the unpacked tree.
  RootCache(BlobStore& packages, std::string directory, AssemblySandbox sandbox);

  // Found as it was assembled (FindAssembled looks again at every byte), or assembled now; equal to
  // what the lock says in both cases.  A root that has changed on disk is removed and assembled
  // again.
  // Errors: those of AssembleRoot.
  Result<ReadyRoot> Get(const Lock& lock, const Stopped& stopped,
                        const std::function<void(std::string_view)>& progress);

 private:
  BlobStore& packages_;
  const std::string directory_;
  const AssemblySandbox sandbox_;
};

}  // namespace farm
