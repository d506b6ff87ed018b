#include "farm/client/farm_client.h"

#include <utility>

namespace farm {
namespace {

// One plain call with the deadline that they all share.
template <typename Reply, typename Request>
Result<Reply> Call(v1::Farm::Stub& stub,
                   grpc::Status (v1::Farm::Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Reply*),
                   const Request& request, const std::string& peer) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallDeadline);
  Reply reply;
  const grpc::Status status = (stub.*method)(&context, request, &reply);
  if (!status.ok()) return FromGrpc(status, peer);
  return reply;
}

}  // namespace

FarmClient::FarmClient(const std::shared_ptr<grpc::Channel>& channel, std::string peer)
    : stub_(v1::Farm::NewStub(channel)),
      blobs_(std::make_unique<BlobClient>(channel, peer)),
      peer_(std::move(peer)) {}

Result<std::unique_ptr<FarmClient>> FarmClient::Open(const Endpoint& endpoint) {
  ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, Connect(endpoint));
  return std::unique_ptr<FarmClient>(new FarmClient(channel, PeerText(endpoint)));
}

Result<v1::PlanReply> FarmClient::Plan(const v1::PlanRequest& request) {
  return Call(*stub_, &v1::Farm::Stub::Plan, request, peer_);
}

Result<v1::SubmitReply> FarmClient::Submit(const v1::SubmitRequest& request) {
  return Call(*stub_, &v1::Farm::Stub::Submit, request, peer_);
}

Result<v1::ApproveReply> FarmClient::Approve(const v1::ApproveRequest& request) {
  return Call(*stub_, &v1::Farm::Stub::Approve, request, peer_);
}

Result<v1::ReleaseInfo> FarmClient::Get(const std::string& release_id) {
  v1::GetReleaseRequest request;
  request.set_release_id(release_id);
  return Call(*stub_, &v1::Farm::Stub::Get, request, peer_);
}

Result<v1::ListReply> FarmClient::List(const std::string& product) {
  v1::ListRequest request;
  request.set_product(product);
  v1::ListReply all;
  for (bool more = true; more;) {
    ASSIGN_OR_RETURN(const v1::ListReply page, Call(*stub_, &v1::Farm::Stub::List, request, peer_));
    all.MergeFrom(page);
    more = page.more() && page.release_size() > 0;
    if (more) request.set_after(page.release(page.release_size() - 1).release_id());
  }
  all.clear_more();
  return all;
}

Result<v1::WhyReply> FarmClient::Why(const std::string& release_id) {
  v1::WhyRequest request;
  request.set_release_id(release_id);
  return Call(*stub_, &v1::Farm::Stub::Why, request, peer_);
}

Result<v1::ReleaseInfo> FarmClient::Cancel(const std::string& release_id) {
  v1::CancelRequest request;
  request.set_release_id(release_id);
  return Call(*stub_, &v1::Farm::Stub::Cancel, request, peer_);
}

Result<std::string> FarmClient::Enter(const std::string& line, const std::string& release_line) {
  v1::EnterRequest request;
  request.set_line(line);
  request.set_release_line(release_line);
  ASSIGN_OR_RETURN(const v1::EnterReply reply,
                   Call(*stub_, &v1::Farm::Stub::Enter, request, peer_));
  return reply.line();
}

Result<std::string> FarmClient::Head() {
  ASSIGN_OR_RETURN(v1::HeadReply reply,
                   Call(*stub_, &v1::Farm::Stub::Head, v1::HeadRequest(), peer_));
  return std::move(*reply.mutable_checkpoint());
}

Status FarmClient::Watch(const v1::WatchRequest& request,
                         const std::function<bool(const v1::WatchEvent&)>& on_event,
                         const Cancelled& cancelled) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kBuildDeadline);
  CancellationWatch watch(context, cancelled);
  auto reader = stub_->Watch(&context, request);
  v1::WatchEvent event;
  while (reader->Read(&event)) {
    if (on_event(event)) continue;
    context.TryCancel();
    (void)reader->Finish();
    return {};
  }
  const grpc::Status status = reader->Finish();
  if (!status.ok()) return FromGrpc(status, peer_);
  return {};
}

}  // namespace farm
