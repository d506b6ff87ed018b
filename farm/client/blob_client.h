// Blobs to and from the store of another program, streaming: constant memory, digests checked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/client/channel.h"

namespace farm {

class BlobStore;

constexpr std::size_t kMissingDigestsMax = 10000;  // 72 bytes each; more are asked in several calls

// Thread-safe.
class BlobClient {
 public:
  // `peer` names the other side in messages.
  BlobClient(const std::shared_ptr<grpc::Channel>& channel, std::string peer);
  ~BlobClient();

  // Those of `digests` that the peer does not have.
  Result<std::vector<Digest>> Missing(const std::vector<Digest>& digests);
  // Sends a blob of `from`.  Errors: kNotFound (not in `from`), kMismatch (the peer got others
  // bytes), those of FromGrpc.
  Status Put(const Digest& digest, BlobStore& from, const Cancelled& cancelled);
  // Fetches a blob into `to`; nothing is visible there unless the digest matched.
  // Errors: kNotFound exit 22 (the peer has it not), kMismatch, those of FromGrpc.
  Status Get(const Digest& digest, BlobStore& to, const Cancelled& cancelled);
  // Missing, then Put of each.
  Status PutMissing(const std::vector<Digest>& digests, BlobStore& from,
                    const Cancelled& cancelled);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace farm
