// The door of farmd: gRPC `farm.v1.Farm`, each call with the role that it needs.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <string>
#include <utility>

#include "farm/proto/farm.grpc.pb.h"
#include "farm/release/releases.h"
#include "farm/service/authority.h"
#include "farm/store/blob_store.h"

namespace farm {

// Thread-safe.  Everything given outlives this.
class FarmDoor final : public v1::Farm::Service {
 public:
  // `read_head`: the newest witnessed checkpoint of the log, a signed note; thread-safe.
  FarmDoor(Releases& releases, BlobStore& store, const Authority& authority,
           std::function<Result<std::string>()> read_head)
      : releases_(releases),
        store_(store),
        authority_(authority),
        read_head_(std::move(read_head)) {}

  // Ends all watches; before the server is stopped.
  void Stop();

  grpc::Status Plan(grpc::ServerContext* context, const v1::PlanRequest* request,
                    v1::PlanReply* reply) override;
  grpc::Status Submit(grpc::ServerContext* context, const v1::SubmitRequest* request,
                      v1::SubmitReply* reply) override;
  grpc::Status Approve(grpc::ServerContext* context, const v1::ApproveRequest* request,
                       v1::ApproveReply* reply) override;
  grpc::Status Get(grpc::ServerContext* context, const v1::GetReleaseRequest* request,
                   v1::ReleaseInfo* reply) override;
  grpc::Status List(grpc::ServerContext* context, const v1::ListRequest* request,
                    v1::ListReply* reply) override;
  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                     grpc::ServerWriter<v1::WatchEvent>* writer) override;
  grpc::Status Why(grpc::ServerContext* context, const v1::WhyRequest* request,
                   v1::WhyReply* reply) override;
  grpc::Status Cancel(grpc::ServerContext* context, const v1::CancelRequest* request,
                      v1::ReleaseInfo* reply) override;
  grpc::Status Enter(grpc::ServerContext* context, const v1::EnterRequest* request,
                     v1::EnterReply* reply) override;
  grpc::Status Head(grpc::ServerContext* context, const v1::HeadRequest* request,
                    v1::HeadReply* reply) override;

 private:
  Result<v1::PlanReply> MakePlanReply(const std::string& manifest) const;
  Status Follow(const grpc::ServerContext& context, const v1::WatchRequest& request,
                grpc::ServerWriter<v1::WatchEvent>& writer);

  Releases& releases_;
  BlobStore& store_;
  const Authority& authority_;
  const std::function<Result<std::string>()> read_head_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace farm
