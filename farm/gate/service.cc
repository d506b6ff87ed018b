#include "farm/gate/service.h"

#include <spdlog/spdlog.h>

#include <utility>
#include <variant>

#include "farm/base/bytes.h"
#include "farm/client/server.h"
#include "farm/evidence/statement.h"

namespace farm {
namespace {

Question QuestionOf(const v1::DecideRequest& request) {
  Question question;
  question.manifest = request.manifest();
  question.request_line = request.request_line();
  question.intent_line = request.intent_line();
  question.record_lines.assign(request.record_line().begin(), request.record_line().end());
  question.approval_lines.assign(request.approval_line().begin(), request.approval_line().end());
  return question;
}

}  // namespace

SignerService::SignerService(Gate& gate, std::vector<std::string> peers,
                             std::function<void(Status)> on_broken)
    : gate_(gate), peers_(std::move(peers)), on_broken_(std::move(on_broken)) {}

grpc::Status SignerService::Decide(grpc::ServerContext* context, const v1::DecideRequest* request,
                                   v1::DecideReply* reply) {
  const auto peer = RequirePeer(*context, peers_, "ask for a release");
  if (!peer) {
    spdlog::warn("refused: {}", peer.error().message);
    return ToGrpc(peer.error());
  }
  const auto answer = gate_.Decide(QuestionOf(*request), request->epoch());
  if (Status health = gate_.Health(); !health) on_broken_(health);
  if (!answer) {
    spdlog::warn("refused (exit {}): {}", static_cast<int>(answer.error().Exit()),
                 Printable(answer.error().message, 2000));
    return ToGrpc(answer.error());
  }
  const auto statement = ParseStatement(answer->envelope.payload, "answer");
  CHECK(statement);
  const std::string line = WriteBundleLine(*answer);
  if (std::holds_alternative<Release>(*statement)) {
    reply->set_release_line(line);
  } else {
    reply->set_dissent_line(line);
  }
  spdlog::info("signed {} {}", KindName(*statement), answer->PaeDigest().Text());
  return grpc::Status::OK;
}

}  // namespace farm
