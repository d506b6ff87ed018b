// gRPC `farm.v1.Blobs` over a store: streams in and out, digests checked on the way.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <string>
#include <vector>

#include "farm/proto/farm.grpc.pb.h"
#include "farm/store/blob_store.h"

namespace farm {

constexpr std::uint64_t kPutBytesMax = std::uint64_t{16} << 30;  // the largest source seen has 2 GB

// Thread-safe.
class BlobService final : public v1::Blobs::Service {
 public:
  // `peers`: common names that may put and get.  `blobs` outlives this.
  BlobService(BlobStore& blobs, std::vector<std::string> peers);
  grpc::Status Missing(grpc::ServerContext* context, const v1::MissingRequest* request,
                       v1::MissingReply* reply) override;
  grpc::Status Put(grpc::ServerContext* context, grpc::ServerReader<v1::PutRequest>* reader,
                   v1::PutReply* reply) override;
  grpc::Status Get(grpc::ServerContext* context, const v1::GetBlobRequest* request,
                   grpc::ServerWriter<v1::GetBlobReply>* writer) override;

 private:
  BlobStore& blobs_;
  const std::vector<std::string> peers_;
};

}  // namespace farm
