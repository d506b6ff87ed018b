// Calls to farmd.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "farm/base/result.h"
#include "farm/client/blob_client.h"
#include "farm/client/channel.h"
#include "farm/proto/farm.grpc.pb.h"

namespace farm {

// Thread-safe.  Errors of all calls: those of FromGrpc.
class FarmClient {
 public:
  static Result<std::unique_ptr<FarmClient>> Open(const Endpoint& endpoint);

  Result<v1::PlanReply> Plan(const v1::PlanRequest& request);
  Result<v1::SubmitReply> Submit(const v1::SubmitRequest& request);
  Result<v1::ApproveReply> Approve(const v1::ApproveRequest& request);
  Result<v1::ReleaseInfo> Get(const std::string& release_id);
  Result<v1::ListReply> List(const std::string& product);
  Result<v1::WhyReply> Why(const std::string& release_id);
  Result<v1::ReleaseInfo> Cancel(const std::string& release_id);
  // The line with its time stamp and log entry.  `release_line`: beside a withdrawal, of the
  // release that it names; else "".
  Result<std::string> Enter(const std::string& line, const std::string& release_line);
  // The newest checkpoint of the log that the farm shows, a signed note; checked by nobody here.
  Result<std::string> Head();
  // Hands every event to `on_event` until it answers false, the server ends the stream, or
  // `cancelled` (exit 26).  A broken connection is an error: call again with the last number.
  Status Watch(const v1::WatchRequest& request,
               const std::function<bool(const v1::WatchEvent&)>& on_event,
               const Cancelled& cancelled);
  BlobClient& blobs() { return *blobs_; }

 private:
  FarmClient(const std::shared_ptr<grpc::Channel>& channel, std::string peer);
  std::unique_ptr<v1::Farm::Stub> stub_;
  std::unique_ptr<BlobClient> blobs_;
  std::string peer_;
};

}  // namespace farm
