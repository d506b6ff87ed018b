#include "farm/site/service.h"

#include <spdlog/spdlog.h>

#include <memory>
#include <utility>
#include <variant>

#include "farm/base/bytes.h"
#include "farm/client/server.h"

namespace farm {
namespace {

BuildQuestion QuestionOf(const v1::BuildRequest& request) {
  BuildQuestion question;
  question.manifest = request.manifest();
  question.lock = request.lock();
  question.request_line = request.request_line();
  question.intent_line = request.intent_line();
  question.approval_lines.assign(request.approval_line().begin(), request.approval_line().end());
  question.epoch = request.epoch();
  return question;
}

v1::BuildEvent Message(const BuildEvent& event) {
  v1::BuildEvent message;
  if (const auto* piece = std::get_if<LogPiece>(&event)) {
    message.set_log(piece->bytes);
    return message;
  }
  const auto& phase = std::get<BuildPhase>(event);
  message.mutable_phase()->set_name(phase.name);
  message.mutable_phase()->set_actions_done(phase.actions_done);
  message.mutable_phase()->set_actions_total(phase.actions_total);
  // A protobuf string must be UTF-8; a step's words may be anything.
  message.mutable_phase()->set_detail(IsUtf8(phase.detail) ? phase.detail
                                                           : Printable(phase.detail, 1000));
  return message;
}

}  // namespace

SiteService::SiteService(Site& site, SiteDescription description, std::vector<std::string> peers,
                         std::function<void(Status)> on_broken)
    : site_(site),
      description_(std::move(description)),
      peers_(std::move(peers)),
      on_broken_(std::move(on_broken)) {}

grpc::Status SiteService::Describe(grpc::ServerContext* context, const v1::DescribeSiteRequest*,
                                   v1::DescribeSiteReply* reply) {
  if (auto peer = RequirePeer(*context, peers_, "ask a site"); !peer) return ToGrpc(peer.error());
  reply->set_builder_id(description_.builder);
  reply->set_country(description_.country);
  reply->set_limits(description_.limits);
  reply->set_root_backend(description_.root_backend);
  return grpc::Status::OK;
}

grpc::Status SiteService::Build(grpc::ServerContext* context, const v1::BuildRequest* request,
                                grpc::ServerWriter<v1::BuildEvent>* writer) {
  if (auto peer = RequirePeer(*context, peers_, "ask for a build"); !peer) {
    spdlog::warn("refused: {}", peer.error().message);
    return ToGrpc(peer.error());
  }
  const auto events = site_.Build(QuestionOf(*request));
  if (Status health = site_.Health(); !health) on_broken_(health);
  if (!events) {
    spdlog::warn("refused (exit {}): {}", static_cast<int>(events.error().Exit()),
                 Printable(events.error().message, 2000));
    return ToGrpc(events.error());
  }
  std::uint64_t position = 0;
  while (!context->IsCancelled()) {
    const BuildEvents::Next next = (*events)->Wait(&position);
    if (next.event && !writer->Write(Message(*next.event))) break;
    if (!next.end) continue;
    if (Status health = site_.Health(); !health) on_broken_(health);
    if (!*next.end) {
      const Error& error = next.end->error();
      spdlog::warn("no record (exit {}): {}", static_cast<int>(error.Exit()),
                   Printable(error.message, 2000));
      return ToGrpc(error);
    }
    v1::BuildEvent last;
    last.set_record_line(**next.end);
    writer->Write(last);
    spdlog::info("record answered");
    return grpc::Status::OK;
  }
  spdlog::info("a watcher left; the build goes on");
  return grpc::Status(grpc::StatusCode::CANCELLED, "the caller left; the build goes on");
}

}  // namespace farm
