#include "farm/client/site_client.h"

namespace farm {

SiteClient::SiteClient(const std::shared_ptr<grpc::Channel>& channel, std::string peer)
    : stub_(v1::Site::NewStub(channel)),
      blobs_(std::make_unique<BlobClient>(channel, peer)),
      peer_(std::move(peer)) {}

Result<std::unique_ptr<SiteClient>> SiteClient::Open(const Endpoint& endpoint) {
  ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, Connect(endpoint));
  return std::unique_ptr<SiteClient>(new SiteClient(channel, PeerText(endpoint)));
}

Result<v1::DescribeSiteReply> SiteClient::Describe() { return DescribeWithin(kCallDeadline); }

Result<v1::DescribeSiteReply> SiteClient::DescribeWithin(std::chrono::milliseconds time) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + time);
  v1::DescribeSiteReply reply;
  const grpc::Status status = stub_->Describe(&context, {}, &reply);
  if (!status.ok()) return FromGrpc(status, peer_);
  return reply;
}

Result<Bundle> SiteClient::Build(const v1::BuildRequest& request,
                                 const std::function<void(const v1::BuildEvent&)>& on_event,
                                 const Cancelled& cancelled) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kBuildDeadline);
  CancellationWatch watch(context, cancelled);
  auto reader = stub_->Build(&context, request);
  v1::BuildEvent event;
  std::optional<std::string> record;
  while (reader->Read(&event)) {
    if (event.event_case() == v1::BuildEvent::kRecordLine) {
      record = event.record_line();
    } else if (on_event) {
      on_event(event);
    }
  }
  const grpc::Status status = reader->Finish();
  if (!status.ok()) return FromGrpc(status, peer_);
  if (!record) {
    return Error{ErrorCode::kUnavailable, peer_ + ": ended without a record; ask again",
                 ExitCode::kUnavailable};
  }
  return ParseBundleLine(*record, "record of " + peer_);
}

SignerClient::SignerClient(const std::shared_ptr<grpc::Channel>& channel, std::string peer)
    : stub_(v1::Signer::NewStub(channel)), peer_(std::move(peer)) {}

Result<std::unique_ptr<SignerClient>> SignerClient::Open(const Endpoint& endpoint) {
  ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, Connect(endpoint));
  return std::unique_ptr<SignerClient>(new SignerClient(channel, PeerText(endpoint)));
}

Result<v1::DecideReply> SignerClient::Decide(const v1::DecideRequest& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kDecideDeadline);
  v1::DecideReply reply;
  const grpc::Status status = stub_->Decide(&context, request, &reply);
  if (!status.ok()) return FromGrpc(status, peer_);
  return reply;
}

}  // namespace farm
