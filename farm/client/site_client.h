// Calls to a site and to the signer.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "farm/base/result.h"
#include "farm/client/blob_client.h"
#include "farm/client/channel.h"
#include "farm/evidence/bundle.h"
#include "farm/proto/farm.grpc.pb.h"

namespace farm {

// Thread-safe.
class SiteClient {
 public:
  static Result<std::unique_ptr<SiteClient>> Open(const Endpoint& endpoint);

  Result<v1::DescribeSiteReply> Describe();  // within kCallDeadline
  Result<v1::DescribeSiteReply> DescribeWithin(std::chrono::milliseconds time);
  // Follows the build (phases and log pieces go to `on_event`) and returns the site's record line,
  // parsed; whether it is true is for the gate to say.  Cancelling leaves the site building.
  // Errors: those of FromGrpc; kUnavailable exit 30 if the stream ends without a record.
  Result<Bundle> Build(const v1::BuildRequest& request,
                       const std::function<void(const v1::BuildEvent&)>& on_event,
                       const Cancelled& cancelled);
  BlobClient& blobs() { return *blobs_; }

 private:
  SiteClient(const std::shared_ptr<grpc::Channel>& channel, std::string peer);
  std::unique_ptr<v1::Site::Stub> stub_;
  std::unique_ptr<BlobClient> blobs_;
  std::string peer_;
};

// Thread-safe.
class SignerClient {
 public:
  static Result<std::unique_ptr<SignerClient>> Open(const Endpoint& endpoint);
  // Errors: those of FromGrpc; a refusal carries the signer's exit code (12, 13, 14, 24, ...).
  Result<v1::DecideReply> Decide(const v1::DecideRequest& request);

 private:
  SignerClient(const std::shared_ptr<grpc::Channel>& channel, std::string peer);
  std::unique_ptr<v1::Signer::Stub> stub_;
  std::string peer_;
};

}  // namespace farm
