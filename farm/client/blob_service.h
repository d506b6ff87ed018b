// gRPC `farm.v1.Blobs` over a store, from the server's side: streams in and out, digests checked on
// the way.  blob_client.h is the other end.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "farm/base/result.h"
#include "farm/proto/farm.grpc.pb.h"
#include "farm/store/blob_store.h"

namespace farm {

constexpr std::uint64_t kBlobBytesMax = std::uint64_t{16}
                                        << 30;  // the largest source seen has 2 GB

enum class BlobCall { kMissing, kPut, kGet };
// As refusals name it: "ask for blobs", "put blobs", "get blobs".
std::string_view ActionOf(BlobCall call);

// Whether a call may go on; an error is the caller's answer.  Thread-safe.
using BlobAdmission = std::function<Status(const grpc::ServerContext& context, BlobCall call)>;
// The peers of these common names may do everything.  Errors: RequirePeer's.
BlobAdmission AdmitPeers(std::vector<std::string> peers);

// Thread-safe.
class BlobService final : public v1::Blobs::Service {
 public:
  // `admit` is asked before anything is read.  `blobs` outlives this.
  BlobService(BlobStore& blobs, BlobAdmission admit) : blobs_(blobs), admit_(std::move(admit)) {}
  grpc::Status Missing(grpc::ServerContext* context, const v1::MissingRequest* request,
                       v1::MissingReply* reply) override;
  grpc::Status Put(grpc::ServerContext* context, grpc::ServerReader<v1::PutRequest>* reader,
                   v1::PutReply* reply) override;
  grpc::Status Get(grpc::ServerContext* context, const v1::GetBlobRequest* request,
                   grpc::ServerWriter<v1::GetBlobReply>* writer) override;

 private:
  BlobStore& blobs_;
  const BlobAdmission admit_;
};

}  // namespace farm
