// Requester and auditors: long keys, and words about manifests.
#include "farm/crypto/hash.h"
#include "tests/attacks/parties/lies.h"
#include "tests/support/draft_hooks.h"

namespace farm {
namespace {

const Digest kOther = Sha256("another");

std::vector<Lie> Requesters() {
  const auto lie = [](std::string name, DraftHook draft, Stop caught, ExitCode alone,
                      std::string rule) {
    return ByDraft({"requester",
                    std::move(name),
                    {"requester"},
                    std::move(draft),
                    std::move(caught),
                    alone,
                    std::move(rule)});
  };
  return {
      lie("asks_for_another_manifest",
          On<Request>([](Request& request, LineDraft&) { request.manifest = kOther; }),
          {"site-0", ExitCode::kApproval, "the request is for"}, ExitCode::kApproval, "manifest"),
      lie("asks_for_another_version",
          On<Request>([](Request& request, LineDraft&) { request.version = "2.0"; }),
          {"site-0", ExitCode::kApproval, "the request is for"}, ExitCode::kInputMissing,
          "manifest"),
      lie("asks_under_another_name",
          On<Request>([](Request& request, LineDraft&) { request.requester = "somebody"; }),
          {"site-0", ExitCode::kBadSignature, "signed by \"requester\""}, ExitCode::kBadSignature,
          "identities"),
      lie("approves_his_own_manifest",
          OnParty<Approval>("auditor-1",
                            [](Approval& approval, LineDraft& draft) {
                              approval.auditor = draft.party = "requester";
                            }),
          {"site-0", ExitCode::kApproval, "requester"}, ExitCode::kApproval, "approvals"),
      lie("approves_under_an_auditors_name",
          OnParty<Approval>("auditor-1",
                            [](Approval&, LineDraft& draft) { draft.party = "requester"; }),
          {"site-0", ExitCode::kApproval, "requester"}, ExitCode::kApproval, "approvals"),
  };
}

std::vector<Lie> Auditors() {
  const auto lie = [](std::string name, std::function<void(Approval&, LineDraft&)> bend,
                      Stop caught, ExitCode alone, std::string rule) {
    return ByDraft({"auditor",
                    std::move(name),
                    {"auditor-1"},
                    OnParty<Approval>("auditor-1", std::move(bend)),
                    std::move(caught),
                    alone,
                    std::move(rule)});
  };
  const Stop approval{"site-0", ExitCode::kApproval, "approval"};
  return {
      lie(
          "approves_another_manifest", [](Approval& one, LineDraft&) { one.manifest = kOther; },
          approval, ExitCode::kApproval, "approvals"),
      lie(
          "approves_another_version", [](Approval& one, LineDraft&) { one.version = "2.0"; },
          approval, ExitCode::kApproval, "approvals"),
      lie(
          "approves_other_sources",
          [](Approval& one, LineDraft&) { one.sources[0].tree = kOther.Hex(); }, approval,
          ExitCode::kApproval, "approvals"),
      lie(
          "approves_no_sources", [](Approval& one, LineDraft&) { one.sources.clear(); }, approval,
          ExitCode::kApproval, "approvals"),
      lie(
          "approves_under_another_auditors_name",
          [](Approval& one, LineDraft&) {
            one.auditor = "auditor-0";
            ++one.created;
          },
          {"site-0", ExitCode::kBadSignature, "signed by \"auditor-1\""}, ExitCode::kBadSignature,
          "identities"),
      lie(
          "approves_twice_as_if_two",
          [](Approval& one, LineDraft& draft) {
            one.auditor = draft.party = "auditor-0";
            ++one.created;
          },
          {"site-0", ExitCode::kApproval, "auditor"}, ExitCode::kApproval, "approvals"),
      lie(
          "approves_after_the_announcement",
          [](Approval&, LineDraft& draft) { draft.witnessed = draft.token += 200; },
          {"coordinator", ExitCode::kNotValidThen, "time stamp"}, ExitCode::kNotValidThen, "order"),
  };
}

}  // namespace

std::vector<Lie> LiesOfPersons() {
  std::vector<Lie> lies = Requesters();
  for (Lie& lie : Auditors()) lies.push_back(std::move(lie));
  // An auditor's key under the request: the root lists it as an auditor's only.
  lies.push_back(ByDraft({"auditor",
                          "asks_for_the_release_himself",
                          {"auditor-1"},
                          On<Request>([](Request& request, LineDraft& draft) {
                            request.requester = draft.party = "auditor-1";
                          }),
                          {"site-0", ExitCode::kBadSignature, "no requester's in the root"},
                          ExitCode::kBadSignature,
                          "identities"}));
  return lies;
}

}  // namespace farm
