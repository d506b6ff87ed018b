// Those who speak when a release is out: certifiers, who say where a site stands, and monitors, who
// say what became of releases and keys.
#include "farm/crypto/hash.h"
#include "farm/witness/monitor.h"
#include "farm/witness/status_maker.h"
#include "tests/attacks/parties/lies.h"
#include "tests/support/draft_hooks.h"

namespace farm {
namespace {

constexpr std::int64_t kDay = 24 * 3600;
constexpr UnixSeconds kBuilt = 300;  // seconds of the way: the records
constexpr UnixSeconds kCertified = 500;
constexpr UnixSeconds kIssued = 1000;

Stop NotStopped(const std::string& where) { return {"nobody", ExitCode::kProved, where}; }

Lie Shown(std::string party, std::string name, CustomerAlone alone) {
  Lie lie = {.party = std::move(party), .name = std::move(name)};
  lie.caught = Customer(alone.exit, alone.rule);
  lie.alone = std::move(alone);
  return lie;
}

// ---- certifiers --------------------------------------------------------------------------------

// Everybody is asked for a certifier's word; that on site 1 is bent.
std::function<void(VerdictInput&, EvidenceMaker&)> Certifying(
    const std::function<void(SiteLocation&, LineDraft&)>& bend) {
  return [bend](VerdictInput& input, EvidenceMaker& maker) {
    input.policy.certified_countries = true;
    for (int site = 0; site < maker.options().sites; ++site) {
      SiteLocation location = maker.Location(site);
      LineDraft draft =
          maker.Draft(location, location.certifier, maker.options().start + kCertified);
      if (site == 1) bend(location, draft);
      draft.statement = location;
      input.certifications.push_back(maker.MakeLine(draft));
    }
  };
}

Lie CertifierLie(std::string name, const std::function<void(SiteLocation&, LineDraft&)>& bend) {
  return Shown("certifier", std::move(name),
               {.change = Certifying(bend), .exit = ExitCode::kJurisdiction, .rule = "certifiers"});
}

void AsItIs(SiteLocation&, LineDraft&) {}

// By a key that the root does not have as a certifier's: the log asks first.
Stop LogsAStrangersWord() {
  Parties parties(EvidenceOptions{.certifiers = 1});
  const SiteLocation location = parties.maker().Location(1);
  LineDraft draft = parties.maker().Draft(location, "auditor-0", parties.now());
  const auto taken = parties.Append(parties.Stamp(parties.maker().Sign(draft), parties.now()));
  if (taken) return NotStopped("the log took it");
  return {"log", taken.error().Exit(), taken.error().message};
}

// The root is read by everybody: none has an operator who certifies himself.
Stop CertifiesHimself() {
  const EvidenceMaker maker(EvidenceOptions{.certifiers = 1});
  TrustRoot root = maker.root();
  root.certifiers[0].id = root.operators[1].id;
  const auto read = ParseTrustRoot(WriteTrustRoot(root, {maker.Key("root")}), "root");
  if (read) return NotStopped("the root was read");
  return {"everybody", read.error().Exit(), read.error().message};
}

std::vector<Lie> Certifiers() {
  Lie stranger = CertifierLie("is_none_of_the_root", [](SiteLocation& location, LineDraft& draft) {
    location.certifier = draft.party = "auditor-0";
  });
  stranger.scene = LogsAStrangersWord;
  stranger.caught = {"log", ExitCode::kBadSignature, "does not list this key"};
  Lie himself = {.party = "certifier", .name = "is_the_operator_himself"};
  himself.scene = CertifiesHimself;
  himself.caught = {"everybody", ExitCode::kUsage, "is an operator; want somebody else"};
  himself.why_not = "no root is read that lists one";
  Lie same_key =
      Shown("certifier", "gives_a_site_its_key",
            {.draft = OnParty<Record>(
                 "site-1", [](Record&, LineDraft& draft) { draft.party = "certifier-0"; }),
             .change = Certifying(AsItIs),
             .exit = ExitCode::kJurisdiction,
             .rule = "certifiers"});
  return {
      CertifierLie("certifies_another_country",
                   [](SiteLocation& location, LineDraft&) { location.country = "XC"; }),
      CertifierLie("certifies_another_operators_site",
                   [](SiteLocation& location, LineDraft&) { location.operator_id = "operator-2"; }),
      CertifierLie("certifies_another_builder",
                   [](SiteLocation& location, LineDraft&) { location.builder += "b"; }),
      CertifierLie("certified_until_before_the_build",
                   [](SiteLocation& location, LineDraft& draft) {
                     location.end = draft.token - kCertified + kBuilt - 1;
                   }),
      CertifierLie("certifies_from_after_the_build",
                   [](SiteLocation& location, LineDraft& draft) {
                     location.start = draft.token - kCertified + kBuilt + 1;
                   }),
      CertifierLie("keeps_its_word_out_of_the_log",
                   [](SiteLocation&, LineDraft& draft) { draft.logged = false; }),
      CertifierLie("certifies_in_anothers_name",
                   [](SiteLocation& location, LineDraft&) { location.certifier = "certifier-1"; }),
      stranger,
      himself,
      same_key,
  };
}

// ---- monitors ----------------------------------------------------------------------------------

using BendStatus = std::function<void(FarmStatus&, EvidenceMaker&)>;

VerdictInput& AskForStatus(VerdictInput& input) {
  input.policy.status_max_age_seconds = kDay;
  return input;
}

std::function<void(VerdictInput&, EvidenceMaker&)> Saying(const BendStatus& bend) {
  return [bend](VerdictInput& input, EvidenceMaker& maker) {
    FarmStatus status = maker.Status(maker.options().start + kIssued);
    bend(status, maker);
    AskForStatus(input).status = maker.StatusLine(status);
  };
}

Lie MonitorLie(std::string name, const BendStatus& bend, ExitCode exit, std::string rule) {
  return Shown("monitor", std::move(name),
               {.change = Saying(bend), .exit = exit, .rule = std::move(rule)});
}

void Truth(FarmStatus&, EvidenceMaker&) {}

void WithNote(FarmStatus& status, const std::function<void(Note&)>& bend) {
  Note note = *ParseNote(status.logs[0].checkpoint);
  bend(note);
  status.logs[0] = {WriteNote(note), *ParseCheckpoint(note.text)};
}

// The log as it stood when `size` entries were in it.
void OfASmallerLog(FarmStatus& status, const EvidenceMaker& maker, std::uint64_t size) {
  const LineDraft draft = maker.Draft(status, status.monitor, status.issued - 10);
  status.logs = {{maker.CheckpointNote(size, draft), {maker.Log(), size, maker.TreeRoot(size)}}};
}

// Stamped by another clock than the one that it says.
void IssuedAhead(VerdictInput& input, EvidenceMaker& maker) {
  const UnixSeconds now = maker.options().start + kIssued;
  FarmStatus status = maker.Status(now);
  status.issued += 30 * kDay;
  status.next_update = status.issued + kDay;
  Bundle line = maker.Sign(maker.Draft(status, status.monitor, now));
  maker.Stamp(line, now);
  AskForStatus(input).status = line;
}

void WithdrawsFalsely(VerdictInput& input, EvidenceMaker& maker) {
  FarmStatus status = maker.Status(maker.options().start + kIssued);
  if (!input.lines.empty()) {
    status.withdrawn = {{input.lines.front().PaeDigest(), "hello", "1.0", "it eats files",
                         "auditor-0", status.issued}};
  }
  AskForStatus(input).status = maker.StatusLine(status);
}

// The truth, to a customer who remembers something else of the log.
std::function<void(VerdictInput&, EvidenceMaker&)> Remembering(
    const std::function<SeenLog(const Checkpoint& head, UnixSeconds issued)>& seen) {
  return [seen](VerdictInput& input, EvidenceMaker& maker) {
    const UnixSeconds issued = maker.options().start + kIssued;
    AskForStatus(input).status = maker.StatusLine(maker.Status(issued));
    input.seen.logs = {{maker.Log(), seen(maker.Head(), issued)}};
  };
}

// What a monitor who reads the log says when another one has kept a withdrawal back.
Stop KeepsAWithdrawalBack() {
  Parties parties(EvidenceOptions{.monitors = 2});
  Way way(parties, {});
  if (auto stop = way.Run()) return *stop;
  const VerdictInput good = way.Input();
  const auto told = [&](const FarmStatus& status, const std::string& monitor) {
    FarmStatus said = status;
    said.monitor = monitor;
    VerdictInput input = good;
    AskForStatus(input).status = parties.maker().StatusLine(said);
    input.at = parties.now();
    return Judge(input);
  };
  const Withdrawal withdrawal{good.lines[kReleaseLine].PaeDigest(),
                              "hello",
                              "1.0",
                              "it eats files",
                              "auditor-0",
                              parties.now()};
  const LineDraft draft = parties.maker().Draft(withdrawal, "auditor-0", parties.now());
  const auto logged = parties.Append(parties.Stamp(parties.maker().Sign(draft), parties.now()));
  if (!logged) return NotStopped("the log did not take it: " + logged.error().message);
  Monitor monitor(parties.Reader());
  const auto read = monitor.Round();
  if (!read) return NotStopped("the log is not read: " + read.error().message);
  const auto honest = MakeStatus({{&monitor.facts(), monitor.checkpoint()}}, parties.root(),
                                 {"monitor-1", parties.now(), 3600, 2});
  if (!honest) return NotStopped("no status: " + honest.error().message);
  FarmStatus lie = *honest;
  lie.withdrawn.clear();
  const Verdict deceived = told(lie, "monitor-0");
  if (!deceived.proved()) return NotStopped("nobody is deceived: " + ExplainVerdict(deceived));
  const Verdict warned = told(*honest, "monitor-1");
  return {"another monitor", warned.exit, ExplainVerdict(warned)};
}

std::vector<Lie> Monitors() {
  Lie back = {.party = "monitor", .name = "keeps_a_withdrawal_back"};
  back.scene = KeepsAWithdrawalBack;
  back.caught = {"another monitor", ExitCode::kRevoked, "withdrawn by auditor-0"};
  back.why_not = "one monitor's word is all that he has; another's, or the log, shows it";
  return {
      back,
      Shown("monitor", "is_silent",
            {.change = [](VerdictInput& input, EvidenceMaker&) { AskForStatus(input); },
             .exit = ExitCode::kStatusTooOld,
             .rule = "status"}),
      MonitorLie(
          "tells_of_the_log_before_the_release",
          [](FarmStatus& status, EvidenceMaker& maker) {
            OfASmallerLog(status, maker, maker.options().earlier_entries);
          },
          ExitCode::kStatusTooOld, "status"),
      Shown("monitor", "tells_of_less_than_it_told_before",
            {.change = Remembering([](const Checkpoint& head, UnixSeconds issued) {
               return SeenLog{head.size + 1, Sha256("x"), issued - 1};
             }),
             .exit = ExitCode::kRollback,
             .rule = "status"}),
      Shown("monitor", "gives_an_older_status_than_before",
            {.change = Remembering([](const Checkpoint& head, UnixSeconds issued) {
               return SeenLog{head.size, head.root, issued + 1};
             }),
             .exit = ExitCode::kRollback,
             .rule = "status"}),
      Shown("monitor", "tells_of_another_tree_than_before",
            {.change = Remembering([](const Checkpoint& head, UnixSeconds issued) {
               return SeenLog{head.size, Sha256("x"), issued};
             }),
             .exit = ExitCode::kLogProof,
             .rule = "status"}),
      Shown("monitor", "gives_an_old_status",
            {.change =
                 [](VerdictInput& input, EvidenceMaker& maker) {
                   Saying(Truth)(input, maker);
                   input.at = maker.options().start + kIssued + kDay + 1;
                 },
             .exit = ExitCode::kStatusTooOld,
             .rule = "status"}),
      Shown("monitor", "issues_a_status_of_the_future",
            {.change = IssuedAhead, .exit = ExitCode::kNotValidThen, .rule = "status"}),
      MonitorLie(
          "tells_of_a_tree_that_the_log_never_signed",
          [](FarmStatus& status, EvidenceMaker& maker) {
            WithNote(status, [&](Note& note) {
              note.text = CheckpointText({maker.Log(), maker.Head().size + 9, Sha256("x")});
            });
          },
          ExitCode::kLogProof, "status"),
      MonitorLie(
          "leaves_the_witnesses_out",
          [](FarmStatus& status, EvidenceMaker&) {
            WithNote(status, [](Note& note) {
              std::erase_if(note.signatures, [](const NoteSignature& one) {
                return one.name.starts_with("witness");
              });
            });
          },
          ExitCode::kWitnesses, "status"),
      Shown("monitor", "is_none_of_the_root",
            {.change =
                 [](VerdictInput& input, EvidenceMaker& maker) {
                   Saying(Truth)(input, maker);
                   input.root.monitors.erase(input.root.monitors.begin());
                 },
             .exit = ExitCode::kBadSignature,
             .rule = "status"}),
      Shown("monitor", "speaks_in_anothers_name",
            {.change =
                 [](VerdictInput& input, EvidenceMaker& maker) {
                   FarmStatus status = maker.Status(maker.options().start + kIssued);
                   Bundle line = maker.Sign(maker.Draft(status, "monitor-1", status.issued));
                   maker.Stamp(line, status.issued);
                   AskForStatus(input).status = line;
                 },
             .exit = ExitCode::kBadSignature,
             .rule = "status"}),
      Shown("monitor", "speaks_with_a_revoked_key",
            {.change =
                 [](VerdictInput& input, EvidenceMaker& maker) {
                   Saying(Truth)(input, maker);
                   input.root.revocations.push_back(
                       {"key", maker.Key("monitor-0").public_key().KeyId(), "stolen", {}});
                 },
             .exit = ExitCode::kRevoked,
             .rule = "status"}),
      Shown("monitor", "withdraws_what_nobody_withdrew",
            {.change = WithdrawsFalsely, .exit = ExitCode::kRevoked, .rule = "withdrawn"}),
  };
}

}  // namespace

std::vector<Lie> LiesOfWatchers() {
  std::vector<Lie> all;
  for (const auto& lies : {Certifiers(), Monitors()}) {
    all.insert(all.end(), lies.begin(), lies.end());
  }
  return all;
}

}  // namespace farm
