// The coordinator carries everything and may sign intents: what it shows to whom is up to it.
#include "farm/crypto/hash.h"
#include "tests/attacks/parties/lies.h"
#include "tests/support/draft_hooks.h"

namespace farm {
namespace {

constexpr const char* kParty = "coordinator";
constexpr const char* kId = "https://farm.example/coordinator";
const Digest kOther = Sha256("another");

Lie Carried(std::string name, Bend bend, Stop caught, CustomerAlone alone) {
  bend.evil = {kParty};
  Lie lie;
  lie.party = kParty;
  lie.name = std::move(name);
  lie.bend = std::move(bend);
  lie.caught = std::move(caught);
  lie.alone = std::move(alone);
  return lie;
}

Lie Announced(std::string name, std::function<void(Intent&, LineDraft&)> bend, Stop caught,
              ExitCode alone, std::string rule) {
  return ByDraft({kParty,
                  std::move(name),
                  {kParty},
                  On<Intent>(std::move(bend)),
                  std::move(caught),
                  alone,
                  std::move(rule)});
}

Stop NotStopped(const std::string& where) { return {"nobody", ExitCode::kProved, where}; }

Stop AskSigner(Parties& parties, const Attempt& attempt, std::uint64_t epoch = 1) {
  const auto answer = parties.gate().Decide(attempt.ToQuestion(), epoch);
  if (answer) return NotStopped("the signer signed");
  return {"signer", answer.error().Exit(), answer.error().message};
}

Stop ReplaysApprovals() {
  Parties parties;
  Way other(parties, {}, BuildableManifest({.version = "0.9"}));
  Way way(parties, {});
  if (auto stop = other.Prepare()) return *stop;
  if (auto stop = way.Prepare()) return *stop;
  way.attempt().approvals = other.attempt().approvals;
  return AskSigner(parties, way.attempt());
}

Stop ReplaysRecords() {
  Parties parties;
  Way way(parties, {});
  if (auto stop = way.Prepare()) return *stop;
  const Attempt first = way.attempt();
  if (auto stop = way.Announce(2, {first.intent.PaeDigest()})) return *stop;
  way.attempt().records = first.records;
  return AskSigner(parties, way.attempt());
}

// The release that was made of the first announcement is asked for again under a second one.
Stop ReplaysAnAnnouncement() {
  Parties parties;
  Way way(parties, {});
  if (auto stop = way.Prepare()) return *stop;
  Way second = way;
  if (auto stop = second.Announce(2, {way.attempt().intent.PaeDigest()})) return *stop;
  if (auto stop = second.Build()) return *stop;
  second.attempt().intent = way.attempt().intent;
  return AskSigner(parties, second.attempt());
}

// A site disagreed; the coordinator asks everybody again and shows only the second attempt.
Stop HidesADissent() {
  Parties parties;
  Bend liar;
  liar.draft = OnParty<Record>(
      "site-1", [](Record& record, LineDraft&) { record.outputs[0].digest = kOther; });
  Way first(parties, liar);
  if (auto stop = first.Prepare()) return *stop;
  Way second(parties, {});
  if (auto stop = second.Ask()) return *stop;
  if (auto stop = second.Announce(2, {first.attempt().intent.PaeDigest()})) return *stop;
  if (auto stop = second.Build()) return *stop;
  return AskSigner(parties, second.attempt());
}

Stop ComesBackFromThePast() {
  Parties parties;
  Way way(parties, {});
  if (auto stop = way.Prepare()) return *stop;
  if (!parties.gate().Decide(way.attempt().ToQuestion(), 5)) return NotStopped("not due");
  return AskSigner(parties, way.attempt(), 4);
}

// An approval comes after the intent is in the log; only then its proof is fetched.
Stop PutsTheAnnouncementOff() {
  Parties parties;
  Way way(parties, {});
  if (auto stop = way.Ask()) return *stop;
  const Bundle given_in_time = way.attempt().approvals[1];
  if (auto stop = way.Announce()) return *stop;
  auto late = ParseStatementAs<Approval>(given_in_time.envelope.payload, "approval");
  ++late->created;
  Way::Made approval = way.Line(*late, "auditor-1", 280);
  if (approval.stop) return *approval.stop;
  way.attempt().approvals[1] = approval.line;
  const auto again = parties.ProveAgain(way.attempt().intent);
  if (!again) return NotStopped(again.error().message);
  way.attempt().intent = *again;
  parties.clock().Set(parties.now() + 10);
  const auto admitted = parties.Admit(way.attempt().ToBuildQuestion(), 0);
  if (admitted) return NotStopped("site-0 would have built it");
  return {"site-0", admitted.error().Exit(), admitted.error().message};
}

void PutOff(VerdictInput& input, EvidenceMaker& maker) {
  const UnixSeconds start = maker.options().start;
  const auto enter = [&](Bundle& line, UnixSeconds at) {
    maker.Enter(line, maker.Draft(Request{}, "requester", start + at));
  };
  Bundle& late = input.lines.back();
  maker.Stamp(late, start + 220);
  enter(late, 220);
  for (std::size_t i = 0; i < 3; ++i) enter(input.lines[kFirstRecordLine + i], 300);
  enter(input.lines[kReleaseLine], 400);
  maker.AddConsistency(input.lines);
}

std::vector<Lie> Announcements() {
  return {
      Announced(
          "announces_another_manifest",
          [](Intent& intent, LineDraft&) { intent.manifest = kOther; },
          {"site-0", ExitCode::kInputMissing, "intent"}, ExitCode::kQuorum, "manifest"),
      Announced(
          "announces_another_version", [](Intent& intent, LineDraft&) { intent.version = "2.0"; },
          {"site-0", ExitCode::kInputMissing, "intent"}, ExitCode::kInputMissing, "manifest"),
      Announced(
          "announces_for_another_request",
          [](Intent& intent, LineDraft&) { intent.request = kOther; },
          {"site-0", ExitCode::kInputMissing, "intent"}, ExitCode::kInputMissing, "manifest"),
      Announced(
          "does_not_ask_a_site", [](Intent& intent, LineDraft&) { intent.sites.pop_back(); },
          {"site-2", ExitCode::kRefused, "not this site"}, ExitCode::kQuorum, "sites"),
      Announced(
          "counts_attempts_that_were_not",
          [](Intent& intent, LineDraft&) { intent.earlier = {kOther}; },
          {"site-0", ExitCode::kUsage, "attempt"}, ExitCode::kProved, ""),
      ByDraft({kParty,
               "names_itself_as_a_site",
               {kParty},
               [](LineDraft& draft) {
                 if (auto* intent = std::get_if<Intent>(&draft.statement)) intent->sites[2] = kId;
                 auto* record = std::get_if<Record>(&draft.statement);
                 if (record == nullptr || draft.party != "site-2") return;
                 record->builder = draft.uri = kId;
                 draft.party = kParty;
                 draft.authority = "operator-0";
               },
               {"log", ExitCode::kBadSignature, "does not list as a site"},
               ExitCode::kBadSignature,
               "identities"}),
      ByDraft({kParty,
               "signs_a_release",
               {kParty},
               On<Release>([](Release& release, LineDraft& draft) {
                 draft.party = kParty;
                 draft.uri = release.signer = kId;
               }),
               {"log", ExitCode::kBadSignature, "does not list as a signer"},
               ExitCode::kBadSignature,
               "identities"}),
  };
}

std::vector<Lie> WhatIsShown() {
  const auto to_sites = [](std::function<void(Attempt&)> bend) {
    Bend carried;
    carried.to_sites = std::move(bend);
    return carried;
  };
  const auto to_signer = [](std::function<void(Attempt&)> bend) {
    Bend carried;
    carried.to_signer = std::move(bend);
    return carried;
  };
  const auto alone = [](DraftHook draft, ExitCode exit, std::string rule) {
    return CustomerAlone{.draft = std::move(draft), .exit = exit, .rule = std::move(rule)};
  };
  return {
      Carried("shows_the_sites_another_manifest", to_sites([](Attempt& shown) {
                shown.manifest = BuildableManifest({.version = "1.0", .revision = 2});
              }),
              {"site-0", ExitCode::kApproval, "the request is for"},
              alone(On<Record>([](Record& record, LineDraft&) { record.manifest = kOther; }),
                    ExitCode::kQuorum, "sites")),
      Carried("shows_the_sites_one_approval",
              to_sites([](Attempt& shown) { shown.approvals.pop_back(); }),
              {"site-0", ExitCode::kApproval, "auditor"},
              alone(On<Release>([](Release& one, LineDraft&) { one.approvals.pop_back(); }),
                    ExitCode::kApproval, "approvals")),
      Carried("shows_the_signer_another_manifest", to_signer([](Attempt& shown) {
                shown.manifest = BuildableManifest({.version = "1.0", .revision = 2});
              }),
              {"signer", ExitCode::kApproval, "the request is for"},
              alone(On<Release>([](Release& one, LineDraft&) {
                      one.manifest = NextRevision(one.manifest);
                    }),
                    ExitCode::kApproval, "manifest")),
      Carried("drops_an_approval", to_signer([](Attempt& shown) { shown.approvals.pop_back(); }),
              {"signer", ExitCode::kApproval, "auditor"},
              alone(On<Release>([](Release& one, LineDraft&) { one.approvals.pop_back(); }),
                    ExitCode::kApproval, "approvals")),
      Carried(
          "gives_one_approval_twice",
          to_signer([](Attempt& shown) { shown.approvals[1] = shown.approvals[0]; }),
          {"signer", ExitCode::kApproval, "auditor"},
          alone(On<Release>([](Release& one, LineDraft&) { one.approvals[1] = one.approvals[0]; }),
                ExitCode::kApproval, "approvals")),
      Carried("keeps_a_record_back", to_signer([](Attempt& shown) { shown.records.pop_back(); }),
              {"signer", ExitCode::kQuorum, "no record"},
              alone(On<Release>([](Release& one, LineDraft&) { one.records.pop_back(); }),
                    ExitCode::kQuorum, "sites")),
      Carried("gives_one_record_for_two",
              to_signer([](Attempt& shown) { shown.records[2] = shown.records[1]; }),
              {"signer", ExitCode::kQuorum, "several records"},
              alone(On<Release>([](Release& one, LineDraft&) { one.records[2] = one.records[1]; }),
                    ExitCode::kQuorum, "sites")),
      Carried(
          "takes_the_time_stamp_from_a_line",
          to_signer([](Attempt& shown) { shown.records[1].timestamp.reset(); }),
          {"signer", ExitCode::kNotValidThen, "no time stamp"},
          alone(OnParty<Record>("site-1", [](Record&, LineDraft& draft) { draft.stamped = false; }),
                ExitCode::kNotValidThen, "time-stamps")),
      Carried(
          "takes_a_witness_from_a_line",
          to_signer([](Attempt& shown) { DropSignatures(shown.records[1], "witness.example/w1"); }),
          {"signer", ExitCode::kWitnesses, "1 of 2"},
          alone(OnParty<Record>("site-1", [](Record&, LineDraft& draft) { draft.witnesses = {0}; }),
                ExitCode::kWitnesses, "witnesses")),
  };
}

std::vector<Lie> Scenes() {
  const auto scene = [](std::string name, std::function<Stop()> how, Stop caught) {
    Lie lie;
    lie.party = kParty;
    lie.name = std::move(name);
    lie.scene = std::move(how);
    lie.caught = std::move(caught);
    return lie;
  };
  Lie approvals = scene("replays_approvals_of_another_manifest", ReplaysApprovals,
                        {"signer", ExitCode::kApproval, "is for manifest"});
  approvals.alone =
      CustomerAlone{.draft = On<Approval>([](Approval& one, LineDraft&) { one.manifest = kOther; }),
                    .exit = ExitCode::kApproval,
                    .rule = "approvals"};
  Lie records = scene("replays_records_of_an_earlier_intent", ReplaysRecords,
                      {"signer", ExitCode::kQuorum, "was made for intent"});
  records.alone =
      CustomerAlone{.draft = On<Record>([](Record& one, LineDraft&) { one.intent = kOther; }),
                    .exit = ExitCode::kQuorum,
                    .rule = "sites"};
  Lie intent = scene("replays_an_earlier_intent", ReplaysAnAnnouncement,
                     {"signer", ExitCode::kQuorum, "was made for intent"});
  intent.alone = records.alone;
  Lie dissent = scene("hides_a_dissent", HidesADissent,
                      {"signer", ExitCode::kDissent, "says something else"});
  dissent.why_not = "records of other attempts are in no bundle; signer and monitor read the log";
  Lie epoch = scene("comes_back_after_another_took_over", ComesBackFromThePast,
                    {"signer", ExitCode::kRefused, "epoch 4 is older"});
  epoch.why_not = "nothing false is said";
  Lie off = scene("puts_its_announcement_off", PutsTheAnnouncementOff,
                  {"site-0", ExitCode::kNotValidThen, "into the log after the intent"});
  off.alone = CustomerAlone{.change = PutOff, .exit = ExitCode::kNotValidThen, .rule = "order"};
  return {approvals, records, intent, dissent, epoch, off};
}

std::vector<Lie> Publications() {
  const auto publish = [](std::string name, std::function<void(VerdictInput&)> change,
                          ExitCode exit, std::string rule) {
    return ByPublishing(kParty, std::move(name), std::move(change), exit, std::move(rule));
  };
  return {
      publish(
          "publishes_another_file", [](VerdictInput& input) { input.file_digest = kOther; },
          ExitCode::kArtifactUnknown, "artifact"),
      publish(
          "publishes_an_older_release", [](VerdictInput& input) { input.newest_sequence = 2; },
          ExitCode::kRollback, "sequence"),
      publish(
          "publishes_another_product", [](VerdictInput& input) { input.product = "zlib"; },
          ExitCode::kArtifactUnknown, "release"),
      publish(
          "leaves_the_intent_out",
          [](VerdictInput& input) { input.lines.erase(input.lines.begin() + kIntentLine); },
          ExitCode::kInputMissing, "lines"),
      publish(
          "leaves_a_record_out",
          [](VerdictInput& input) { input.lines.erase(input.lines.begin() + kFirstRecordLine); },
          ExitCode::kQuorum, "lines"),
      publish(
          "publishes_one_record_for_two",
          [](VerdictInput& input) {
            input.lines[kFirstRecordLine] = input.lines[kFirstRecordLine + 1];
          },
          ExitCode::kQuorum, "lines"),
      publish(
          "publishes_no_release",
          [](VerdictInput& input) { input.lines.erase(input.lines.begin()); }, ExitCode::kUsage,
          "release"),
  };
}

}  // namespace

std::vector<Lie> LiesOfTheCoordinator() {
  std::vector<Lie> all;
  for (const auto& lies : {Announcements(), WhatIsShown(), Scenes(), Publications()}) {
    all.insert(all.end(), lies.begin(), lies.end());
  }
  for (Lie& lie : all) {
    if (lie.name != "counts_attempts_that_were_not") continue;
    lie.alone.reset();
    lie.why_not = "nothing false is verified; the signer reads earlier attempts in the log itself";
  }
  return all;
}

}  // namespace farm
