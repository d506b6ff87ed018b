// Those who make: sites, the signer, and the CAs of their operators.
#include "farm/crypto/hash.h"
#include "tests/attacks/parties/lies.h"
#include "tests/support/draft_hooks.h"

namespace farm {
namespace {

const Digest kOther = Sha256("another");

// ---- sites -------------------------------------------------------------------------------------

Lie SiteLie(std::string name, std::function<void(Record&, LineDraft&)> bend, Stop caught,
            ExitCode alone, std::string rule) {
  return ByDraft({"site",
                  std::move(name),
                  {"site-1"},
                  OnParty<Record>("site-1", std::move(bend)),
                  std::move(caught),
                  alone,
                  std::move(rule)});
}

void OtherBytes(Record& record, LineDraft&) { record.outputs[0].digest = kOther; }

// Both records of one intent are in the log; the coordinator shows the good one.
Stop SaysTwoThings() {
  Parties parties;
  Way way(parties, {});
  if (auto stop = way.Prepare()) return *stop;
  Record second = way.RecordOf(1);
  ++second.finished;
  Way::Made made = way.Line(second, "site-1", 310);
  if (made.stop) return *made.stop;
  if (auto stop = way.Decide()) return *stop;
  return {"nobody", ExitCode::kProved, "the signer signed"};
}

// A record that differs comes when the release is out.
Stop SaysSomethingElseLater() {
  Parties parties;
  Way way(parties, {});
  if (auto stop = way.Run()) return *stop;
  const Verdict verdict = Judge(way.Input());
  if (!verdict.proved()) return {"customer", verdict.exit, ExplainVerdict(verdict)};
  Record later = way.RecordOf(1);
  later.intent = kOther;
  later.outputs[0].digest = kOther;
  Way::Made made = way.Line(later, "site-1", 500);
  if (made.stop) return *made.stop;
  return {"monitor", ExitCode::kProved, MonitorSays(parties)};
}

std::vector<Lie> Sites() {
  const auto signer = [](ExitCode exit, std::string words) {
    return Stop{"signer", exit, std::move(words)};
  };
  Lie two = {.party = "site", .name = "says_two_things_under_one_intent"};
  two.scene = SaysTwoThings;
  two.caught = signer(ExitCode::kQuorum, "another record by");
  two.why_not = "a bundle names one record of each site; signer and monitor read the log";
  Lie later = {.party = "site", .name = "says_something_else_when_the_release_is_out"};
  later.scene = SaysSomethingElseLater;
  later.caught = {"monitor", ExitCode::kProved, "says something else than its release"};
  later.why_not = "it was not said yet";
  Lie not_asked = ByDraft({"site",
                           "answers_though_it_was_not_asked",
                           {"site-2"},
                           On<Intent>([](Intent& intent, LineDraft&) { intent.sites.pop_back(); }),
                           signer(ExitCode::kQuorum, "does not ask this site"),
                           ExitCode::kQuorum,
                           "sites"});
  Lie release = ByDraft({"site",
                         "signs_a_release",
                         {"site-1"},
                         On<Release>([](Release& release, LineDraft& draft) {
                           draft.party = "site-1";
                           draft.authority = "operator-1";
                           draft.uri = release.signer = EvidenceMaker::SiteId(1);
                         }),
                         {"log", ExitCode::kBadSignature, "does not list as a signer"},
                         ExitCode::kBadSignature,
                         "identities"});
  Lie approval = ByDraft({"site",
                          "approves_as_an_auditor",
                          {"site-1"},
                          OnParty<Approval>("auditor-1",
                                            [](Approval&, LineDraft& draft) {
                                              draft.party = "site-1";
                                              draft.authority = "operator-1";
                                              draft.uri = EvidenceMaker::SiteId(1);
                                            }),
                          {"site-0", ExitCode::kApproval, "operator"},
                          ExitCode::kApproval,
                          "approvals"});
  return {
      SiteLie("gives_other_bytes", OtherBytes, signer(ExitCode::kDissent, "dissent signed"),
              ExitCode::kQuorum, "outputs"),
      SiteLie(
          "gives_another_mode", [](Record& record, LineDraft&) { record.outputs[0].mode = "0755"; },
          signer(ExitCode::kDissent, "dissent signed"), ExitCode::kQuorum, "outputs"),
      SiteLie(
          "gives_an_artifact_more",
          [](Record& record, LineDraft&) {
            record.outputs.push_back({"more", kOther, 1, "0644"});
          },
          signer(ExitCode::kDissent, "dissent signed"), ExitCode::kQuorum, "outputs"),
      SiteLie(
          "says_that_it_failed",
          [](Record& record, LineDraft&) {
            record.result = BuildResult::kFailed;
            record.outputs.clear();
          },
          signer(ExitCode::kDissent, "dissent signed"), ExitCode::kQuorum, "outputs"),
      SiteLie(
          "built_another_manifest", [](Record& record, LineDraft&) { record.manifest = kOther; },
          signer(ExitCode::kQuorum, "is of manifest"), ExitCode::kQuorum, "sites"),
      SiteLie(
          "built_by_another_plan", [](Record& record, LineDraft&) { record.plan = kOther; },
          signer(ExitCode::kDissent, "dissent signed"), ExitCode::kDissent, "agreement"),
      SiteLie(
          "built_in_another_image", [](Record& record, LineDraft&) { record.image = kOther; },
          signer(ExitCode::kDissent, "dissent signed"), ExitCode::kDissent, "agreement"),
      SiteLie(
          "built_with_another_toolchain", [](Record& record, LineDraft&) { record.lock = kOther; },
          signer(ExitCode::kDissent, "dissent signed"), ExitCode::kInputMissing, "manifest"),
      SiteLie(
          "built_other_sources",
          [](Record& record, LineDraft&) { record.sources[0].tree = kOther.Hex(); },
          signer(ExitCode::kInputMissing, "other source trees"), ExitCode::kInputMissing,
          "manifest"),
      SiteLie(
          "built_under_another_intent", [](Record& record, LineDraft&) { record.intent = kOther; },
          signer(ExitCode::kQuorum, "was made for intent"), ExitCode::kQuorum, "sites"),
      SiteLie(
          "gives_the_record_of_another_site",
          [](Record& record, LineDraft&) { record.builder = EvidenceMaker::SiteId(2); },
          signer(ExitCode::kBadSignature, "signed by"), ExitCode::kBadSignature, "identities"),
      SiteLie(
          "signs_with_a_leaf_that_has_ended",
          [](Record&, LineDraft& draft) { draft.leaf_start = draft.token - kDaySeconds - 1; },
          {"log", ExitCode::kNotValidThen, "sign with a new leaf"}, ExitCode::kNotValidThen,
          "validity"),
      SiteLie(
          "signs_with_a_leaf_of_tomorrow",
          [](Record&, LineDraft& draft) { draft.leaf_start = draft.token + 1; },
          {"log", ExitCode::kNotValidThen, "sign with a new leaf"}, ExitCode::kNotValidThen,
          "validity"),
      SiteLie(
          "keeps_its_record_out_of_the_log",
          [](Record&, LineDraft& draft) { draft.logged = false; },
          signer(ExitCode::kLogProof, "no log entry"), ExitCode::kLogProof, "log"),
      not_asked,
      release,
      approval,
      two,
      later,
  };
}

// ---- the signer --------------------------------------------------------------------------------

Lie SignerLie(std::string name, std::function<void(Release&, LineDraft&)> bend, ExitCode exit,
              std::string rule) {
  return ByDraft({"signer",
                  std::move(name),
                  {"signer"},
                  On<Release>(std::move(bend)),
                  Customer(exit, rule),
                  exit,
                  rule});
}

// Two versions, each built and approved by all, under one number.
Stop GivesOneNumberTwice() {
  Parties parties;
  Bend blind;
  blind.evil = {"signer"};
  Way first(parties, blind);
  if (auto stop = first.Run()) return *stop;
  const Verdict accepted = Judge(first.Input());
  if (!accepted.proved()) return {"nobody", accepted.exit, ExplainVerdict(accepted)};
  Way second(parties, blind, BuildableManifest({.version = "1.1"}));
  if (auto stop = second.Run()) return *stop;
  VerdictInput input = second.Input();
  input.newest_sequence = accepted.sequence;
  input.newest_release = accepted.release_digest;
  const Verdict verdict = Judge(input);
  const std::string monitor = MonitorSays(parties);
  if (monitor.find("with sequence 1, though") == std::string::npos) {
    return {"nobody", ExitCode::kProved, "the monitor says: " + monitor};
  }
  return {"customer", verdict.exit, ExplainVerdict(verdict)};
}

Stop ReleasesOverADissent() {
  Parties parties;
  Bend liar;
  liar.draft = OnParty<Record>("site-1", OtherBytes);
  Way first(parties, liar);
  if (auto stop = first.Prepare()) return *stop;
  Bend blind;
  blind.evil = {"signer"};
  Way second(parties, blind);
  if (auto stop = second.Run()) return *stop;
  const Verdict verdict = Judge(second.Input());
  if (!verdict.proved()) return {"customer", verdict.exit, ExplainVerdict(verdict)};
  return {"monitor", ExitCode::kProved, MonitorSays(parties)};
}

// Another recipe for a version that is out, agreed and approved by all.
Stop ReleasesAVersionTwice() {
  Parties parties;
  Bend blind;
  blind.evil = {"signer"};
  Way first(parties, blind);
  if (auto stop = first.Run()) return *stop;
  Bend more = blind;
  more.draft = On<Release>([](Release& release, LineDraft&) { release.sequence = 2; });
  Way second(parties, more, BuildableManifest({.version = "1.0", .revision = 2}));
  if (auto stop = second.Run()) return *stop;
  for (const Way* way : {&first, &second}) {
    const Verdict verdict = Judge(way->Input());
    if (!verdict.proved()) return {"customer", verdict.exit, ExplainVerdict(verdict)};
  }
  return {"monitor", ExitCode::kProved, MonitorSays(parties)};
}

std::vector<Lie> Signers() {
  Lie other_bytes = SignerLie(
      "releases_other_bytes", [](Release& one, LineDraft&) { one.artifacts[0].digest = kOther; },
      ExitCode::kQuorum, "outputs");
  other_bytes.bend->to_customer = [](VerdictInput& input) { input.file_digest = kOther; };
  other_bytes.alone->change = [](VerdictInput& input, EvidenceMaker&) {
    input.file_digest = kOther;
  };
  Lie twice = {.party = "signer", .name = "gives_one_sequence_twice"};
  twice.scene = GivesOneNumberTwice;
  twice.caught = Customer(ExitCode::kRollback, "sequence");
  twice.alone = CustomerAlone{.change =
                                  [](VerdictInput& input, EvidenceMaker&) {
                                    input.newest_sequence = 1;
                                    input.newest_release = kOther;
                                  },
                              .exit = ExitCode::kRollback,
                              .rule = "sequence"};
  Lie dissent = {.party = "signer", .name = "releases_over_a_dissent"};
  dissent.scene = ReleasesOverADissent;
  dissent.caught = {"monitor", ExitCode::kProved, "of which a record says something else"};
  dissent.why_not = "records of other attempts are in no bundle; the monitor reads the log";
  Lie version = {.party = "signer", .name = "releases_a_version_by_two_manifests"};
  version.scene = ReleasesAVersionTwice;
  version.caught = {"monitor", ExitCode::kProved, "another release of hello 1.0"};
  version.why_not = "each of the two is agreed and approved; the monitor reads both";
  Lie unlogged = SignerLie(
      "keeps_the_release_out_of_the_log", [](Release&, LineDraft& draft) { draft.logged = false; },
      ExitCode::kLogProof, "log");
  unlogged.caught = {"coordinator", ExitCode::kLogProof, "no log entry"};
  Lie ended = SignerLie(
      "signs_with_a_leaf_that_has_ended",
      [](Release&, LineDraft& draft) { draft.leaf_start = draft.token - kDaySeconds - 1; },
      ExitCode::kNotValidThen, "validity");
  ended.caught = {"log", ExitCode::kNotValidThen, "sign with a new leaf"};
  Lie approves = ByDraft(
      {"signer",
       "approves_as_an_auditor",
       {"signer"},
       OnParty<Approval>("auditor-1", [](Approval&, LineDraft& draft) { draft.party = "signer"; }),
       {"site-0", ExitCode::kBadSignature, "no auditor's in the root"},
       ExitCode::kBadSignature,
       "identities"});
  return {
      SignerLie(
          "releases_without_a_site", [](Release& one, LineDraft&) { one.records.pop_back(); },
          ExitCode::kQuorum, "sites"),
      SignerLie(
          "releases_without_any_site", [](Release& one, LineDraft&) { one.records.resize(1); },
          ExitCode::kQuorum, "sites"),
      other_bytes,
      SignerLie(
          "releases_an_artifact_under_another_name",
          [](Release& one, LineDraft&) { one.artifacts[0].name = "another"; },
          ExitCode::kArtifactUnknown, "outputs"),
      SignerLie(
          "releases_without_an_approval",
          [](Release& one, LineDraft&) { one.approvals.pop_back(); }, ExitCode::kApproval,
          "approvals"),
      SignerLie(
          "releases_another_manifest",
          [](Release& one, LineDraft&) { one.manifest = NextRevision(one.manifest); },
          ExitCode::kApproval, "manifest"),
      SignerLie(
          "releases_under_another_intent", [](Release& one, LineDraft&) { one.intent = kOther; },
          ExitCode::kInputMissing, "lines"),
      SignerLie(
          "releases_for_another_request", [](Release& one, LineDraft&) { one.request = kOther; },
          ExitCode::kInputMissing, "lines"),
      SignerLie(
          "names_an_approval_as_a_record",
          [](Release& one, LineDraft&) { one.records[0] = one.approvals[0]; }, ExitCode::kUsage,
          "statements"),
      SignerLie(
          "names_another_signer", [](Release& one, LineDraft&) { one.signer = "somebody"; },
          ExitCode::kBadSignature, "identities"),
      unlogged,
      ended,
      twice,
      dissent,
      version,
      approves,
  };
}

// ---- an operator's CA --------------------------------------------------------------------------

std::vector<Lie> Authorities() {
  const auto lie = [](std::string name, DraftHook draft, Stop caught) {
    return ByDraft({"CA",
                    std::move(name),
                    {"CA"},
                    std::move(draft),
                    std::move(caught),
                    ExitCode::kBadSignature,
                    "identities"});
  };
  const Stop log{"log", ExitCode::kBadSignature, "its operator's CA has not issued"};
  // The key is its own site's: a CA can have as many as it likes.
  return {
      lie("issues_a_leaf_for_the_site_of_another",
          OnParty<Record>("site-2",
                          [](Record&, LineDraft& draft) {
                            draft.party = "site-1";
                            draft.authority = "operator-1";
                          }),
          log),
      lie("issues_a_leaf_for_the_signer", On<Release>([](Release&, LineDraft& draft) {
            draft.party = "site-1";
            draft.authority = "operator-1";
          }),
          log),
      lie("issues_a_leaf_for_the_coordinator", On<Intent>([](Intent&, LineDraft& draft) {
            draft.party = "site-1";
            draft.authority = "operator-1";
          }),
          log),
      lie("issues_a_leaf_for_a_site_that_is_not_in_the_root",
          [](LineDraft& draft) {
            if (auto* intent = std::get_if<Intent>(&draft.statement)) {
              intent->sites[2] = EvidenceMaker::SiteId(9);
            }
            auto* record = std::get_if<Record>(&draft.statement);
            if (record == nullptr || draft.party != "site-2") return;
            record->builder = draft.uri = EvidenceMaker::SiteId(9);
            draft.party = "site-1";
            draft.authority = "operator-1";
          },
          {"log", ExitCode::kBadSignature, "does not list as a site"}),
  };
}

}  // namespace

std::vector<Lie> LiesOfMakers() {
  std::vector<Lie> all;
  for (const auto& lies : {Sites(), Signers(), Authorities()}) {
    all.insert(all.end(), lies.begin(), lies.end());
  }
  return all;
}

}  // namespace farm
