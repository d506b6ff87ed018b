// gRPC `farm.v1.Blobs` over farmd's store: streams in and out, digests checked on the way.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>

#include "farm/proto/farm.grpc.pb.h"
#include "farm/service/authority.h"
#include "farm/store/blob_store.h"

namespace farm {

constexpr std::uint64_t kBlobBytesMax = std::uint64_t{16}
                                        << 30;  // the largest source seen has 2 GB

// Thread-safe.  Everything given outlives this.
class BlobDoor final : public v1::Blobs::Service {
 public:
  // `check_disk`: an error refuses what comes in.
  BlobDoor(BlobStore& blobs, const Authority& authority, std::function<Status()> check_disk)
      : blobs_(blobs), authority_(authority), check_disk_(std::move(check_disk)) {}
  grpc::Status Missing(grpc::ServerContext* context, const v1::MissingRequest* request,
                       v1::MissingReply* reply) override;
  grpc::Status Put(grpc::ServerContext* context, grpc::ServerReader<v1::PutRequest>* reader,
                   v1::PutReply* reply) override;
  grpc::Status Get(grpc::ServerContext* context, const v1::GetBlobRequest* request,
                   grpc::ServerWriter<v1::GetBlobReply>* writer) override;

 private:
  Result<StoredBlob> Receive(grpc::ServerReader<v1::PutRequest>& reader);

  BlobStore& blobs_;
  const Authority& authority_;
  const std::function<Status()> check_disk_;
};

}  // namespace farm
