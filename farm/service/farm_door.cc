#include "farm/service/farm_door.h"

#include <chrono>
#include <utility>

#include "farm/client/channel.h"
#include "farm/plan/plan.h"
#include "farm/service/messages.h"
#include "farm/toolchain/lock.h"
#include "farm/verify/policy.h"

namespace farm {
namespace {

constexpr std::chrono::milliseconds kWatchPatience{500};
constexpr std::size_t kReleasesListed = 1000;  // in one message: some MB

template <typename T>
grpc::Status Answer(Result<T> result, T* reply) {
  if (!result) return ToGrpc(result.error());
  *reply = *std::move(result);
  return grpc::Status::OK;
}

}  // namespace

void FarmDoor::Stop() {
  stopping_ = true;
  releases_.CloseWatches();
}

Result<v1::PlanReply> FarmDoor::MakePlanReply(const std::string& bytes) const {
  ASSIGN_OR_RETURN(const AdmittedManifest admitted, AdmitManifest(bytes, releases_.rules()));
  const Manifest& manifest = admitted.manifest;
  ASSIGN_OR_RETURN(const farm::Plan plan, MakePlan(manifest, admitted.view.digest, manifest.lock));
  v1::PlanReply reply;
  reply.set_plan(CanonicalPlan(plan));
  std::vector<RawInput> inputs;
  if (const auto lock = store_.GetBytes(manifest.lock, kLockBytesMax); lock) {
    ASSIGN_OR_RETURN(inputs, RawInputsOf(manifest, *lock));
  } else {
    reply.add_missing_blob(manifest.lock.Text());
    for (const ManifestSource& source : manifest.sources) {
      for (const SourceFile& file : source.files) {
        inputs.push_back({file.name, file.digest, file.size});
      }
    }
  }
  for (const RawInput& input : MissingOf(inputs, store_)) {
    reply.add_missing_blob(input.digest.Text());
  }
  for (const std::string& rule : RulesInWords(admitted.policy, releases_.rules().sites)) {
    reply.add_rule(rule);
  }
  reply.set_approvals(static_cast<std::int32_t>(releases_.ApprovalsOf(admitted.id)));
  reply.set_approvals_needed(static_cast<std::int32_t>(admitted.policy.auditors));
  return reply;
}

grpc::Status FarmDoor::Plan(grpc::ServerContext* context, const v1::PlanRequest* request,
                            v1::PlanReply* reply) {
  const auto caller = authority_.Require(*context, {Role::kRead}, "ask for plans");
  if (!caller) return ToGrpc(caller.error());
  return Answer(MakePlanReply(request->manifest()), reply);
}

grpc::Status FarmDoor::Submit(grpc::ServerContext* context, const v1::SubmitRequest* request,
                              v1::SubmitReply* reply) {
  const auto caller = authority_.Require(*context, {Role::kSubmit}, "submit releases");
  if (!caller) return ToGrpc(caller.error());
  const auto outcome = releases_.Submit(
      {request->manifest(), request->lock(), request->request_line(), request->submitted_as()});
  if (!outcome) return ToGrpc(outcome.error());
  reply->set_release_id(outcome->id);
  reply->set_already_there(outcome->already_there);
  return grpc::Status::OK;
}

grpc::Status FarmDoor::Approve(grpc::ServerContext* context, const v1::ApproveRequest* request,
                               v1::ApproveReply* reply) {
  const auto caller = authority_.Require(*context, {Role::kApprove}, "approve manifests");
  if (!caller) return ToGrpc(caller.error());
  const auto approvals = releases_.Approve(request->manifest(), request->approval_line());
  if (!approvals) return ToGrpc(approvals.error());
  reply->set_approvals(static_cast<std::int32_t>(*approvals));
  return grpc::Status::OK;
}

grpc::Status FarmDoor::Get(grpc::ServerContext* context, const v1::GetReleaseRequest* request,
                           v1::ReleaseInfo* reply) {
  const auto caller = authority_.Require(*context, {Role::kRead}, "look at releases");
  if (!caller) return ToGrpc(caller.error());
  const auto view = releases_.Get(request->release_id());
  if (!view) return ToGrpc(view.error());
  *reply = InfoOf(*view);
  if (const auto line = releases_.PublishedLine(request->release_id())) {
    reply->set_release_line(WriteBundleLine(*line));
  }
  return grpc::Status::OK;
}

grpc::Status FarmDoor::Enter(grpc::ServerContext* context, const v1::EnterRequest* request,
                             v1::EnterReply* reply) {
  const auto caller = authority_.Require(*context, {Role::kSubmit, Role::kApprove, Role::kCertify},
                                         "enter statements");
  if (!caller) return ToGrpc(caller.error());
  const auto line = releases_.Enter(request->line(), request->release_line());
  if (!line) return ToGrpc(line.error());
  reply->set_line(*line);
  return grpc::Status::OK;
}

grpc::Status FarmDoor::Head(grpc::ServerContext* context, const v1::HeadRequest*,
                            v1::HeadReply* reply) {
  const auto caller = authority_.Require(
      *context, {Role::kRead, Role::kSubmit, Role::kApprove, Role::kCertify}, "ask for the log");
  if (!caller) return ToGrpc(caller.error());
  const auto checkpoint = read_head_();
  if (!checkpoint) return ToGrpc(checkpoint.error());
  reply->set_checkpoint(*checkpoint);
  return grpc::Status::OK;
}

grpc::Status FarmDoor::List(grpc::ServerContext* context, const v1::ListRequest* request,
                            v1::ListReply* reply) {
  const auto caller = authority_.Require(*context, {Role::kRead}, "list releases");
  if (!caller) return ToGrpc(caller.error());
  *reply = PageOf(releases_.List(request->product()), request->after(), kReleasesListed);
  return grpc::Status::OK;
}

Status FarmDoor::Follow(const grpc::ServerContext& context, const v1::WatchRequest& request,
                        grpc::ServerWriter<v1::WatchEvent>& writer) {
  std::uint64_t after = request.after();
  bool end_sent = false;
  while (!context.IsCancelled()) {
    if (stopping_) {
      return Error{ErrorCode::kUnavailable, "farmd is stopping; watch again with the last number"};
    }
    ASSIGN_OR_RETURN(const std::vector<ReleaseEvent> events,
                     releases_.Watch(request.release_id(), after, kWatchPatience));
    for (const ReleaseEvent& event : events) {
      after = event.number;
      if (std::holds_alternative<SiteLog>(event.body) && !request.logs()) continue;
      if (const auto* view = std::get_if<ReleaseView>(&event.body)) end_sent = IsEnd(view->stage);
      if (!writer.Write(EventOf(event))) return {};
    }
    if (!events.empty() || stopping_) continue;
    ASSIGN_OR_RETURN(ReleaseView view, releases_.Get(request.release_id()));
    if (!IsEnd(view.stage)) continue;
    // It has ended, and whoever watches knows all; or asked for what comes after the end.
    if (!end_sent) writer.Write(EventOf({after, SystemClock().Now(), std::move(view)}));
    return {};
  }
  return {};
}

grpc::Status FarmDoor::Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                             grpc::ServerWriter<v1::WatchEvent>* writer) {
  const auto caller = authority_.Require(*context, {Role::kRead}, "watch releases");
  if (!caller) return ToGrpc(caller.error());
  return ToGrpc(Follow(*context, *request, *writer));
}

grpc::Status FarmDoor::Why(grpc::ServerContext* context, const v1::WhyRequest* request,
                           v1::WhyReply* reply) {
  const auto caller = authority_.Require(*context, {Role::kRead}, "look at releases");
  if (!caller) return ToGrpc(caller.error());
  const auto why = releases_.Why(request->release_id());
  if (!why) return ToGrpc(why.error());
  *reply = WhyOf(*why);
  return grpc::Status::OK;
}

grpc::Status FarmDoor::Cancel(grpc::ServerContext* context, const v1::CancelRequest* request,
                              v1::ReleaseInfo* reply) {
  const auto caller = authority_.Require(*context, {Role::kSubmit}, "cancel releases");
  if (!caller) return ToGrpc(caller.error());
  const auto view = releases_.Cancel(request->release_id(), *caller);
  if (!view) return ToGrpc(view.error());
  *reply = InfoOf(*view);
  return grpc::Status::OK;
}

}  // namespace farm
