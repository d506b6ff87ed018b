// Those who attest when something was: witnesses and the time stamp.
#include "farm/crypto/hash.h"
#include "tests/attacks/parties/lies.h"
#include "tests/support/draft_hooks.h"

namespace farm {
namespace {

constexpr UnixSeconds kStolen = 405;  // seconds of the way: the signer's key is stolen

Stop NotStopped(const std::string& where) { return {"nobody", ExitCode::kProved, where}; }

// ---- witnesses ---------------------------------------------------------------------------------

Lie WitnessLie(std::string name, DraftHook draft, Stop caught, ExitCode alone, std::string rule) {
  return ByDraft({"witness",
                  std::move(name),
                  {"witness-1"},
                  std::move(draft),
                  std::move(caught),
                  alone,
                  std::move(rule)});
}

// The signer's key is stolen; what it signs later is said to be from before.
void RevokeTheSigner(VerdictInput& input, const EvidenceMaker& maker) {
  input.root.revocations = {
      {"key", maker.Key("signer").public_key().KeyId(), "stolen", maker.options().start + kStolen}};
}

std::vector<Lie> Witnesses() {
  Lie early = {.party = "witness", .name = "dates_back_what_a_stolen_key_signed"};
  early.alone = CustomerAlone{.draft = On<Release>([](Release&, LineDraft& draft) {
                                draft.witnessed = draft.token + 1000;
                                draft.witnessed_by[1] = draft.token + 1;
                              }),
                              .change = RevokeTheSigner,
                              .exit = ExitCode::kRevoked,
                              .rule = "revocations"};
  early.caught = Customer(ExitCode::kRevoked, "revocations");
  Lie forged = {.party = "witness", .name = "cosigns_what_the_log_never_signed"};
  forged.alone = CustomerAlone{.change =
                                   [](VerdictInput& input, EvidenceMaker& maker) {
                                     DropSignatures(input.lines[kFirstRecordLine], maker.Log());
                                   },
                               .exit = ExitCode::kLogProof,
                               .rule = "log"};
  forged.caught = Customer(ExitCode::kLogProof, "log");
  Lie fork = {.party = "witness", .name = "cosigns_the_coordinators_own_tree"};
  fork.alone = CustomerAlone{.change =
                                 [](VerdictInput& input, EvidenceMaker& maker) {
                                   ForkTheIntent(input, maker, {1});
                                   DropSignatures(input.lines[kIntentLine], maker.Log());
                                 },
                             .exit = ExitCode::kLogProof,
                             .rule = "log"};
  fork.caught = Customer(ExitCode::kLogProof, "log");
  Lie changed = {.party = "witness", .name = "gives_a_cosignature_that_is_none"};
  changed.alone = CustomerAlone{.change =
                                    [](VerdictInput& input, EvidenceMaker&) {
                                      ReplaceNote(input.lines[kReleaseLine], [](Note& note) {
                                        for (NoteSignature& one : note.signatures) {
                                          if (one.name == "witness.example/w1")
                                            one.signature.back() ^= 1;
                                        }
                                      });
                                    },
                                .exit = ExitCode::kWitnesses,
                                .rule = "witnesses"};
  changed.caught = Customer(ExitCode::kWitnesses, "witnesses");
  return {
      WitnessLie("dates_the_announcement_later", On<Intent>([](Intent&, LineDraft& draft) {
                   draft.witnessed_by[1] = draft.token + 500;
                 }),
                 {"coordinator", ExitCode::kNotValidThen, "witnessed at"}, ExitCode::kNotValidThen,
                 "order"),
      WitnessLie(
          "does_not_answer",
          OnParty<Record>("site-1", [](Record&, LineDraft& draft) { draft.witnesses = {0}; }),
          {"site-1", ExitCode::kWitnesses, "1 of 2"}, ExitCode::kWitnesses, "witnesses"),
      WitnessLie("answers_twice_for_two", On<Release>([](Release&, LineDraft& draft) {
                   draft.witnesses = {0, 0};
                 }),
                 {"coordinator", ExitCode::kWitnesses, "1 of 2"}, ExitCode::kWitnesses,
                 "witnesses"),
      WitnessLie("says_a_time_beyond_the_calendar", On<Intent>([](Intent&, LineDraft& draft) {
                   draft.witnessed_by[1] = UnixSeconds{1} << 62;
                 }),
                 {"log", ExitCode::kUnavailable, "not witnessed"}, ExitCode::kWitnesses,
                 "witnesses"),
      early,
      forged,
      fork,
      changed,
  };
}

// ---- the time stamp ----------------------------------------------------------------------------

void StampLateApprovalEarly(VerdictInput& input, EvidenceMaker& maker) {
  const UnixSeconds start = maker.options().start;
  const auto enter = [&](Bundle& line, UnixSeconds at) {
    maker.Enter(line, maker.Draft(Request{}, "requester", start + at));
  };
  enter(input.lines.back(), 280);  // its token says 100
  enter(input.lines[kReleaseLine], 400);
  maker.AddConsistency(input.lines);
}

// The approval is given after the announcement and stamped as if before.
Stop StampsALateApprovalEarly() {
  Parties parties;
  Bend early;
  early.evil = {"coordinator"};
  early.draft = [&](LineDraft& draft) {
    if (draft.party == "auditor-1" && draft.token > parties.maker().options().start + 200) {
      draft.token = parties.maker().options().start + 100;
    }
  };
  Way way(parties, early);
  if (auto stop = way.Ask()) return *stop;
  const auto given =
      ParseStatementAs<Approval>(way.attempt().approvals[1].envelope.payload, "approval");
  if (auto stop = way.Announce()) return *stop;
  Approval late = *given;
  ++late.created;
  Way::Made made = way.Line(late, "auditor-1", 280);
  if (made.stop) return *made.stop;
  way.attempt().approvals[1] = made.line;
  const auto admitted = parties.Admit(way.attempt().ToBuildQuestion(), 0);
  if (admitted) return NotStopped("site-0 would have built it");
  return {"site-0", admitted.error().Exit(), admitted.error().message};
}

std::vector<Lie> TimeStamps() {
  const auto lie = [](std::string name, DraftHook draft, Stop caught, ExitCode alone,
                      std::string rule) {
    return ByDraft({"time stamp",
                    std::move(name),
                    {"time stamp"},
                    std::move(draft),
                    std::move(caught),
                    alone,
                    std::move(rule)});
  };
  Lie approval = {.party = "time stamp", .name = "dates_a_late_approval_back"};
  approval.scene = StampsALateApprovalEarly;
  approval.caught = {"site-0", ExitCode::kNotValidThen, "into the log after the intent"};
  approval.alone = CustomerAlone{
      .change = StampLateApprovalEarly, .exit = ExitCode::kNotValidThen, .rule = "order"};
  Lie stolen = {.party = "time stamp", .name = "dates_back_what_a_stolen_key_signed"};
  stolen.alone = CustomerAlone{
      .draft = On<Release>([](Release&, LineDraft& draft) { draft.witnessed += 1000; }),
      .change = RevokeTheSigner,
      .exit = ExitCode::kRevoked,
      .rule = "revocations"};
  stolen.caught = Customer(ExitCode::kRevoked, "revocations");
  Lie other = {.party = "time stamp", .name = "stamps_another_signature"};
  other.bend.emplace();
  other.bend->evil = {"coordinator"};
  other.bend->to_signer = [](Attempt& shown) {
    shown.records[1].timestamp = shown.request.timestamp;
  };
  other.caught = {"signer", ExitCode::kBadSignature, "time stamp"};
  other.alone = CustomerAlone{
      .change = [](VerdictInput& input,
                   EvidenceMaker&) { input.lines[0].timestamp = input.lines[1].timestamp; },
      .exit = ExitCode::kBadSignature,
      .rule = "time-stamps"};
  return {
      lie("dates_a_record_back",
          OnParty<Record>("site-1", [](Record&, LineDraft& draft) { draft.token -= 151; }),
          {"site-1", ExitCode::kNotValidThen, "time stamp says"}, ExitCode::kNotValidThen, "order"),
      lie("dates_the_release_back",
          On<Release>([](Release&, LineDraft& draft) { draft.token -= 251; }),
          {"coordinator", ExitCode::kNotValidThen, "time stamp says"}, ExitCode::kNotValidThen,
          "order"),
      lie("dates_the_release_forward",
          On<Release>([](Release&, LineDraft& draft) { draft.token += 71; }),
          {"coordinator", ExitCode::kNotValidThen, "time stamp says"}, ExitCode::kNotValidThen,
          "order"),
      lie("dates_the_announcement_forward",
          On<Intent>([](Intent&, LineDraft& draft) { draft.token += 71; }),
          {"coordinator", ExitCode::kNotValidThen, "time stamp says"}, ExitCode::kNotValidThen,
          "order"),
      lie("does_not_answer", On<Intent>([](Intent&, LineDraft& draft) { draft.stamped = false; }),
          {"coordinator", ExitCode::kNotValidThen, "no time stamp"}, ExitCode::kNotValidThen,
          "time-stamps"),
      approval,
      stolen,
      other,
  };
}

}  // namespace

std::vector<Lie> LiesOfWitnesses() {
  std::vector<Lie> all;
  for (const auto& lies : {Witnesses(), TimeStamps()}) {
    all.insert(all.end(), lies.begin(), lies.end());
  }
  return all;
}

}  // namespace farm
