// What comes after a release: a status, certifiers' statements, replay verdicts.  Each row is bad
// evidence that the rule for it must see: a verifier that leaves out that rule alone would say
// VERIFIED.  Take one check out of a rule, and its row fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "farm/crypto/hash.h"
#include "farm/verify/rule_case.h"
#include "farm/verify/verify.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/replay_rows.h"

namespace farm {
namespace {

constexpr UnixSeconds kStart = 1'800'000'000;
constexpr UnixSeconds kIssued = kStart + 1000;   // of the status
constexpr UnixSeconds kCertified = kStart + 50;  // of certifiers' statements
constexpr UnixSeconds kBuilt = kStart + 300;     // of records
constexpr std::string_view kNextLog = "log2.farm.example";

struct LaterCase {
  std::string name;
  ExitCode exit;      // of the whole verdict
  std::string found;  // among what the rule has found
  std::function<VerdictInput()> make;
};

void PrintTo(const LaterCase& row, std::ostream* out) { *out << row.name; }

void ExpectRefused(Rule rule, const LaterCase& row) {
  const VerdictInput input = row.make();
  const Verdict whole = JudgeWithout(input, std::nullopt);
  EXPECT_EQ(whole.exit, row.exit) << testing::PrintToString(Broken(whole));
  EXPECT_FALSE(OutcomeOf(whole, rule).held);
  EXPECT_THAT(OutcomeOf(whole, rule).found, testing::HasSubstr(row.found));
  ExpectItAloneRefuses(rule, input);
}

std::string NameOf(const testing::TestParamInfo<LaterCase>& info) { return info.param.name; }

// ---- status -------------------------------------------------------------------------------------

// A release, and a status of it; the policy asks for one of at most a day.
class StatusWorld {
 public:
  StatusWorld() : input(maker.Input(maker.Make())), status(maker.Status(kIssued)) {
    input.policy.status_max_age_seconds = kDaySeconds;
    input.at = kIssued + 100;
  }
  // With `status`, unless a row has put another line there.
  VerdictInput Input() {
    if (!input.status) input.status = maker.StatusLine(status);
    return input;
  }
  void BendLine(const std::function<void(Bundle&)>& bend) {
    Bundle line = maker.StatusLine(status);
    bend(line);
    input.status = line;
  }
  void SignAs(const std::string& party, const std::string& says) {
    status.monitor = says;
    Bundle line = maker.Sign(maker.Draft(status, party, kIssued));
    maker.Stamp(line, kIssued);
    input.status = line;
  }
  void BendHead(const std::function<void(Note&)>& bend) {
    Note note = *ParseNote(status.logs[0].checkpoint);
    bend(note);
    status.logs[0] = {WriteNote(note), *ParseCheckpoint(note.text)};
  }
  // Tells of the log's first `size` entries, as both witnesses cosigned them then.
  void TellOf(std::uint64_t size, UnixSeconds witnessed) {
    LineDraft draft = maker.Draft(status, "monitor-0", witnessed);
    draft.witnessed = witnessed;
    status.logs[0] = {maker.CheckpointNote(size, draft), {maker.Log(), size, maker.TreeRoot(size)}};
  }
  // One more entry, of nobody's.
  void Grow() {
    const Request other{Sha256("other"), "hello", "9", "requester", kStart};
    (void)maker.MakeLine(maker.Draft(other, "requester", kStart));
  }
  // The root's log has ended so, and another of the same keys goes on.
  void Close(std::uint64_t size, const Digest& tree_root) {
    Log next = input.root.logs[0];
    next.origin = kNextLog;
    input.root.logs[0].end = LogEnd{size, tree_root, next.origin};
    input.root.logs.push_back(next);
  }
  // That other log before its first entry.
  StatusLog EmptyNextLog() const {
    const std::string origin(kNextLog);
    Note note;
    note.text = CheckpointText({origin, 0, maker.TreeRoot(0)});
    note.signatures = {SignNote(note.text, origin, maker.Key("log")),
                       SignNote(note.text, origin, maker.Key("log-ecdsa"))};
    for (int i = 0; i < 2; ++i) {
      note.signatures.push_back(Cosign(note.text,
                                       maker.root().witnesses[static_cast<std::size_t>(i)].name,
                                       maker.Key("witness-" + std::to_string(i)), kIssued));
    }
    return {WriteNote(note), *ParseCheckpoint(note.text)};
  }
  SeenLog& seen() { return input.seen.logs[maker.Log()]; }
  void Revoke(const PublicKey& key, std::optional<UnixSeconds> since) {
    input.root.revocations.push_back({"key", key.KeyId(), "stolen", since});
  }

  EvidenceMaker maker{EvidenceOptions{.monitors = 2, .certifiers = 1}};
  VerdictInput input;
  FarmStatus status;
};

void DropSignatures(Note& note, const std::string& name) {
  std::erase_if(note.signatures, [&](const NoteSignature& line) { return line.name == name; });
}

LaterCase OfStatus(std::string name, ExitCode exit, std::string found,
                   std::function<void(StatusWorld&)> arrange) {
  return {std::move(name), exit, std::move(found), [arrange = std::move(arrange)] {
            StatusWorld world;
            arrange(world);
            return world.Input();
          }};
}

std::vector<LaterCase> StatusCases() {
  using World = StatusWorld;
  return {
      OfStatus("another_statement", ExitCode::kUsage, "status",
               [](World& w) { w.input.status = w.input.lines[kRequestLine]; }),
      OfStatus("signature", ExitCode::kBadSignature, "status: ",
               [](World& w) { w.BendLine([](Bundle& b) { b.envelope.signature.back() ^= 1; }); }),
      OfStatus("by_an_auditor", ExitCode::kBadSignature,
               "status: ", [](World& w) { w.SignAs("auditor-0", "auditor-0"); }),
      OfStatus("by_a_certifier", ExitCode::kBadSignature,
               "status: ", [](World& w) { w.SignAs("certifier-0", "certifier-0"); }),
      OfStatus("by_another_monitor_than_it_says", ExitCode::kBadSignature, "monitor-0",
               [](World& w) { w.SignAs("monitor-1", "monitor-0"); }),
      OfStatus("by_a_monitor_that_the_root_does_not_list", ExitCode::kBadSignature, "status: ",
               [](World& w) { w.input.root.monitors.erase(w.input.root.monitors.begin()); }),
      OfStatus("by_a_monitor_of_later", ExitCode::kNotValidThen, "does not vouch for",
               [](World& w) { w.input.root.monitors[0].valid_for.start = kIssued + 1; }),
      OfStatus("by_a_monitor_of_before", ExitCode::kNotValidThen, "does not vouch for",
               [](World& w) { w.input.root.monitors[0].valid_for.end = kIssued - 1; }),
      OfStatus("by_a_monitor_whose_key_is_revoked", ExitCode::kRevoked, "revoked",
               [](World& w) { w.Revoke(w.maker.Key("monitor-0").public_key(), std::nullopt); }),
      OfStatus("by_a_monitor_whose_key_was_lost_then", ExitCode::kRevoked, "revoked",
               [](World& w) { w.Revoke(w.maker.Key("monitor-0").public_key(), kIssued); }),
      OfStatus("after_the_roots_end", ExitCode::kNotValidThen, "later than the root's end",
               [](World& w) { w.input.root.expires = kIssued - 61; }),
      OfStatus("not_stamped", ExitCode::kNotValidThen,
               "status: ", [](World& w) { w.BendLine([](Bundle& b) { b.timestamp.reset(); }); }),
      OfStatus("stamped_for_something_else", ExitCode::kBadSignature, "status: ",
               [](World& w) {
                 w.BendLine(
                     [&](Bundle& b) { b.timestamp = w.input.lines[kRequestLine].timestamp; });
               }),
      OfStatus("issued_long_after_its_stamp", ExitCode::kNotValidThen, "says that it was issued at",
               [](World& w) { w.BendLine([&](Bundle& b) { w.maker.Stamp(b, kIssued - 61); }); }),
      OfStatus("issued_long_before_its_stamp", ExitCode::kNotValidThen,
               "says that it was issued at",
               [](World& w) { w.BendLine([&](Bundle& b) { w.maker.Stamp(b, kIssued + 61); }); }),
      OfStatus(
          "of_a_log_whose_key_has_not_signed", ExitCode::kLogProof, "log log.farm.example: ",
          [](World& w) { w.BendHead([](Note& n) { DropSignatures(n, "log.farm.example"); }); }),
      OfStatus("of_a_log_that_the_root_does_not_know", ExitCode::kLogProof, "does not know a log",
               [](World& w) { w.BendHead([](Note& n) { n.text.replace(0, 3, "lag"); }); }),
      OfStatus("of_a_log_whose_key_was_lost_then", ExitCode::kRevoked, "its key is revoked",
               [](World& w) { w.Revoke(w.maker.Key("log").public_key(), kIssued); }),
      OfStatus(
          "too_few_witnesses", ExitCode::kWitnesses, "1 of 2 cosignatures",
          [](World& w) { w.BendHead([](Note& n) { DropSignatures(n, "witness.example/w0"); }); }),
      OfStatus("witnesses_whose_keys_are_revoked", ExitCode::kRevoked, "others are revoked",
               [](World& w) { w.Revoke(w.maker.Key("witness-1").public_key(), kIssued); }),
      OfStatus("witnesses_of_before", ExitCode::kNotValidThen, "not valid at their time",
               [](World& w) { w.input.root.witnesses[1].valid_for.end = kIssued - 1; }),
      OfStatus("witnessed_after_its_stamp", ExitCode::kNotValidThen, "was witnessed at",
               [](World& w) { w.TellOf(w.maker.Head().size, kIssued + 61); }),
      OfStatus("stale", ExitCode::kStatusTooOld, "s old, want at most",
               [](World& w) { w.input.at = kIssued + kDaySeconds + 1; }),
      OfStatus("ahead", ExitCode::kStatusTooOld, "61 s ahead of",
               [](World& w) { w.input.at = kIssued - 61; }),
      OfStatus("silent_of_the_releases_log", ExitCode::kStatusTooOld, "in which the release is",
               [](World& w) {
                 Log next = w.input.root.logs[0];
                 next.origin = kNextLog;
                 w.input.root.logs.push_back(next);
                 w.status.logs = {w.EmptyNextLog()};
               }),
      OfStatus("of_before_the_release", ExitCode::kStatusTooOld, "it tells of 5 entries",
               [](World& w) { w.TellOf(5, kIssued); }),
      OfStatus("silent_of_the_log_that_goes_on", ExitCode::kStatusTooOld, "which goes on from",
               [](World& w) { w.Close(w.maker.Head().size, w.maker.Head().root); }),
      OfStatus("of_before_the_end_of_the_log", ExitCode::kStatusTooOld, "which was closed with",
               [](World& w) { w.Close(w.maker.Head().size + 1, Sha256("end")); }),
      OfStatus("of_beyond_the_end_of_the_log", ExitCode::kLogProof, "was closed at size",
               [](World& w) {
                 w.Close(w.maker.Head().size, w.maker.Head().root);
                 w.Grow();
                 w.TellOf(w.maker.Head().size, kIssued);
               }),
      OfStatus("forked_from_the_releases_log", ExitCode::kLogProof, "in it than in the release",
               [](World& w) {
                 const std::uint64_t size = w.maker.Head().size;
                 w.maker.Rewind(size - 1);
                 w.Grow();
                 w.TellOf(size, kIssued);
               }),
      OfStatus("forked_from_one_seen_before", ExitCode::kLogProof, "in a status seen before",
               [](World& w) {
                 w.seen() = {w.maker.Head().size, Sha256("fork"), kIssued};
               }),
      OfStatus("older_than_one_seen_before", ExitCode::kRollback, "was seen before",
               [](World& w) {
                 w.seen() = {w.maker.Head().size, w.maker.Head().root, kIssued + 1};
               }),
      OfStatus("of_less_than_one_seen_before", ExitCode::kRollback, "was seen before",
               [](World& w) {
                 w.seen() = {w.maker.Head().size + 1, Sha256("more"), kIssued};
               }),
  };
}

class BadStatus : public testing::TestWithParam<LaterCase> {};

TEST_P(BadStatus, IsWhatTheRuleRefuses) { ExpectRefused(Rule::kStatus, GetParam()); }

INSTANTIATE_TEST_SUITE_P(Later, BadStatus, testing::ValuesIn(StatusCases()), NameOf);

// ---- certifiers ---------------------------------------------------------------------------------

// A release, and what a certifier says of each of its sites; the policy asks for that.
class CertifierWorld {
 public:
  explicit CertifierWorld(const DraftHook& draft) : input(maker.Input(maker.Make(draft))) {
    input.policy.certified_countries = true;
    for (int i = 0; i < maker.options().sites; ++i) {
      locations.push_back(maker.Location(i));
      drafts.push_back(maker.Draft(locations.back(), "certifier-0", kCertified));
    }
  }
  VerdictInput Input() {
    for (std::size_t i = 0; i < locations.size(); ++i) {
      drafts[i].statement = locations[i];
      input.certifications.push_back(maker.MakeLine(drafts[i]));
    }
    return input;
  }

  EvidenceMaker maker{EvidenceOptions{.monitors = 1, .certifiers = 1}};
  VerdictInput input;
  std::vector<SiteLocation> locations;  // of site 0, 1, 2
  std::vector<LineDraft> drafts;        // of their lines
};

LaterCase OfCertifiers(
    std::string name, std::string found, std::function<void(CertifierWorld&)> arrange,
    DraftHook draft = [](LineDraft&) {}) {
  return {std::move(name), ExitCode::kJurisdiction, std::move(found),
          [arrange = std::move(arrange), draft = std::move(draft)] {
            CertifierWorld world(draft);
            arrange(world);
            return world.Input();
          }};
}

std::vector<LaterCase> CertifierCases() {
  using World = CertifierWorld;
  constexpr char kNone[] = "no certifier's statement at hand that its site stood in XA";
  return {
      OfCertifiers("of_two_sites_only", "stood in XC", [](World& w) { w.locations.pop_back(); }),
      OfCertifiers("another_country", "says XB, the root says XA",
                   [](World& w) { w.locations[0].country = "XB"; }),
      OfCertifiers("another_operator", "is about operator",
                   [](World& w) { w.locations[0].operator_id = "operator-1"; }),
      OfCertifiers("another_site", kNone,
                   [](World& w) { w.locations[0].builder = EvidenceMaker::SiteId(1); }),
      OfCertifiers("expired_before_the_build", "the record is of",
                   [](World& w) { w.locations[0].end = kBuilt - 1; }),
      OfCertifiers("for_after_the_build", "the record is of",
                   [](World& w) { w.locations[0].start = kBuilt + 1; }),
      OfCertifiers("by_a_monitor", kNone, [](World& w) { w.drafts[0].party = "monitor-0"; }),
      OfCertifiers("by_a_monitor_who_says_so", kNone,
                   [](World& w) { w.locations[0].certifier = w.drafts[0].party = "monitor-0"; }),
      OfCertifiers("in_anothers_name", "certifier-1",
                   [](World& w) { w.locations[0].certifier = "certifier-1"; }),
      OfCertifiers("by_a_certifier_that_the_root_does_not_list", kNone,
                   [](World& w) { w.input.root.certifiers.clear(); }),
      OfCertifiers("by_a_certifier_of_before", "does not vouch for",
                   [](World& w) { w.input.root.certifiers[0].valid_for.end = kCertified - 1; }),
      OfCertifiers("by_a_certifier_of_later", "does not vouch for",
                   [](World& w) { w.input.root.certifiers[0].valid_for.start = kCertified + 1; }),
      OfCertifiers("by_a_certifier_whose_key_is_revoked", "revoked",
                   [](World& w) {
                     w.input.root.revocations.push_back(
                         {"key", w.maker.Key("certifier-0").public_key().KeyId(), "stolen", {}});
                   }),
      OfCertifiers("by_a_certifier_whose_key_was_lost_then", "revoked",
                   [](World& w) {
                     w.input.root.revocations.push_back(
                         {"key", w.maker.Key("certifier-0").public_key().KeyId(), "stolen",
                          kCertified});
                   }),
      OfCertifiers(
          "by_a_key_that_has_signed_for_a_site", "its key has also signed for a site",
          [](World&) {},
          [](LineDraft& draft) {
            if (draft.party == "site-1") draft.party = "certifier-0";
          }),
      OfCertifiers("not_stamped", kNone, [](World& w) { w.drafts[0].stamped = false; }),
      OfCertifiers("in_no_log", kNone, [](World& w) { w.drafts[0].logged = false; }),
      OfCertifiers("too_few_witnesses", "1 of 2 cosignatures",
                   [](World& w) { w.drafts[0].witnesses = {0}; }),
  };
}

class BadCertification : public testing::TestWithParam<LaterCase> {};

TEST_P(BadCertification, IsWhatTheRuleRefuses) { ExpectRefused(Rule::kCertifiers, GetParam()); }

INSTANTIATE_TEST_SUITE_P(Later, BadCertification, testing::ValuesIn(CertifierCases()), NameOf);

// ---- replays ------------------------------------------------------------------------------------

std::vector<LaterCase> ReplayCases() {
  std::vector<LaterCase> cases;
  for (const ReplayRow& row : ReplayRows()) {
    if (row.exit == ExitCode::kProved) continue;
    cases.push_back({row.name, row.exit, row.words, [arrange = row.arrange] {
                       ReplayWorld world;
                       arrange(world);
                       return world.input;
                     }});
  }
  return cases;
}

class BadReplay : public testing::TestWithParam<LaterCase> {};

TEST_P(BadReplay, IsWhatTheRuleRefuses) { ExpectRefused(Rule::kReplays, GetParam()); }

INSTANTIATE_TEST_SUITE_P(Later, BadReplay, testing::ValuesIn(ReplayCases()), NameOf);

// ---- and what they are bent from ----------------------------------------------------------------

// Good evidence, which the same policies ask for, is refused by nobody.
TEST(GoodEvidence, IsAccepted) {
  ReplayWorld replays;
  replays.PutLoggedMatch();
  const std::pair<std::string, VerdictInput> kInputs[] = {
      {"status", StatusWorld().Input()},
      {"certifiers", CertifierWorld([](LineDraft&) {}).Input()},
      {"replays", replays.input},
  };
  for (const auto& [name, input] : kInputs) {
    const Verdict verdict = JudgeWithout(input, std::nullopt);
    EXPECT_TRUE(verdict.proved()) << name << ": " << testing::PrintToString(Broken(verdict));
  }
}

}  // namespace
}  // namespace farm
