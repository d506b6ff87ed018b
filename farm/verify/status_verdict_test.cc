// What comes after a release: the monitor's status and certifiers' statements, one row a rule, as
// in verdict_test.cc.  Take a rule out and its row fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "farm/crypto/hash.h"
#include "farm/verify/known_codes.h"
#include "farm/verify/verify.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

constexpr UnixSeconds kMade = 1'800'000'000;
constexpr UnixSeconds kReleased = kMade + 400;
constexpr UnixSeconds kIssued = kMade + 1000;
constexpr std::int64_t kDay = 24 * 3600;
constexpr std::string_view kFirstWitness = "witness.example/w0";

std::vector<std::string> BrokenRules(const Verdict& verdict) {
  std::vector<std::string> names;
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held) names.push_back(outcome.rule);
  }
  return names;
}

const RuleOutcome& RuleOf(const Verdict& verdict, const std::string& name) {
  for (const RuleOutcome& outcome : verdict.rules) {
    if (outcome.rule == name) return outcome;
  }
  throw std::runtime_error("no rule " + name);
}

std::string Words(const Verdict& verdict) {
  std::string text = verdict.headline + "\n";
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held) text += outcome.rule + ": " + outcome.found + "\n";
  }
  return text;
}

// A release, and a status issued after it; policies ask for one of at most a day.
class StatusVerdict : public testing::Test {
 protected:
  StatusVerdict() : made_(maker_.Make()), status_(maker_.Status(kIssued)) {}

  VerdictInput Input() const {
    VerdictInput input = maker_.Input(made_);
    input.policy.status_max_age_seconds = kDay;
    input.at = kIssued + 100;
    input.root_is_known = true;
    return input;
  }
  Verdict With(const FarmStatus& status) const { return With(maker_.StatusLine(status)); }
  Verdict With(const Bundle& line) const {
    VerdictInput input = Input();
    input.status = line;
    Verdict verdict = Judge(input);
    ExpectKnownCodes(verdict);
    return verdict;
  }
  // A second log of the farm, with the keys of the first, which has no entries yet.  Its origin
  // comes after that of the first.
  StatusLog EmptyLog(const std::string& origin) const {
    Note note;
    note.text = CheckpointText({origin, 0, maker_.TreeRoot(0)});
    note.signatures = {SignNote(note.text, origin, maker_.Key("log")),
                       SignNote(note.text, origin, maker_.Key("log-ecdsa"))};
    for (int i = 0; i < 2; ++i) {
      note.signatures.push_back(Cosign(note.text,
                                       maker_.root().witnesses[static_cast<std::size_t>(i)].name,
                                       maker_.Key("witness-" + std::to_string(i)), kIssued));
    }
    return {WriteNote(note), *ParseCheckpoint(note.text)};
  }
  Digest Release() const { return made_.lines[kReleaseLine].PaeDigest(); }
  Digest Manifest() const { return Sha256(maker_.manifest()); }

  EvidenceMaker maker_{EvidenceOptions{.monitors = 2, .certifiers = 1}};
  MadeRelease made_;
  FarmStatus status_;
};

TEST_F(StatusVerdict, OfTheDayIsEnough) {
  const Verdict verdict = With(status_);
  EXPECT_TRUE(verdict.proved()) << Words(verdict);
  EXPECT_THAT(RuleOf(verdict, "status").found, testing::HasSubstr("by monitor-0"));
  EXPECT_FALSE(RuleOf(verdict, "status").warning);
  EXPECT_EQ(RuleOf(verdict, "withdrawn").found, "not withdrawn");
  ASSERT_TRUE(verdict.seen.has_value());
  const SeenLog& seen = verdict.seen->logs.at("log.farm.example");
  EXPECT_EQ(seen, (SeenLog{maker_.Head().size, maker_.Head().root, kIssued}));
  EXPECT_TRUE(verdict.seen->said.empty());
}

TEST_F(StatusVerdict, IsAskedForOnlyByThePolicy) {
  VerdictInput input = Input();
  EXPECT_EQ(Judge(input).exit, ExitCode::kStatusTooOld);
  EXPECT_EQ(BrokenRules(Judge(input)), std::vector<std::string>{"status"});
  input.policy.status_max_age_seconds = 0;
  EXPECT_TRUE(Judge(input).proved());
}

// Each row: what is wrong with the status, and the code of the rule `status`.
TEST_F(StatusVerdict, CountsOnlyIfEverythingInItHolds) {
  const auto with = [&](const std::function<void(FarmStatus&)>& bend) {
    FarmStatus status = status_;
    bend(status);
    return maker_.StatusLine(status);
  };
  const auto line = [&](const std::function<void(Bundle&)>& bend) {
    Bundle bent = maker_.StatusLine(status_);
    bend(bent);
    return bent;
  };
  const auto by = [&](const std::string& party, const std::string& says) {
    FarmStatus status = status_;
    status.monitor = says;
    LineDraft draft = maker_.Draft(status, party, kIssued);
    Bundle bent = maker_.Sign(draft);
    maker_.Stamp(bent, kIssued);
    return bent;
  };
  const auto noted = [&](const std::function<void(Note&)>& bend) {
    return with([&](FarmStatus& status) {
      Note note = *ParseNote(status.logs[0].checkpoint);
      bend(note);
      status.logs[0] = {WriteNote(note), *ParseCheckpoint(note.text)};
    });
  };
  const auto drop = [](const std::string& name) {
    return [name](Note& note) {
      std::erase_if(note.signatures, [&](const NoteSignature& s) { return s.name == name; });
    };
  };
  const Bundle request = made_.lines[kRequestLine];
  const struct {
    std::string name;
    Bundle status;
    ExitCode exit;
  } kRows[] = {
      {"no_status_at_all", request, ExitCode::kUsage},
      {"signature", line([](Bundle& b) { b.envelope.signature.back() ^= 1; }),
       ExitCode::kBadSignature},
      {"by_an_auditor", by("auditor-0", "auditor-0"), ExitCode::kBadSignature},
      {"by_a_certifier", by("certifier-0", "certifier-0"), ExitCode::kBadSignature},
      {"by_another_monitor_than_it_says", by("monitor-1", "monitor-0"), ExitCode::kBadSignature},
      {"not_stamped", line([](Bundle& b) { b.timestamp.reset(); }), ExitCode::kNotValidThen},
      {"stamped_for_something_else", line([&](Bundle& b) { b.timestamp = request.timestamp; }),
       ExitCode::kBadSignature},
      {"issued_long_after_its_stamp", line([&](Bundle& b) { maker_.Stamp(b, kIssued - 61); }),
       ExitCode::kNotValidThen},
      {"issued_long_before_its_stamp", line([&](Bundle& b) { maker_.Stamp(b, kIssued + 61); }),
       ExitCode::kNotValidThen},
      {"log_signature", noted(drop("log.farm.example")), ExitCode::kLogProof},
      {"one_witness", noted(drop("witness.example/w0")), ExitCode::kWitnesses},
      {"unknown_log", noted([](Note& note) { note.text.replace(0, 3, "lag"); }),
       ExitCode::kLogProof},
  };
  for (const auto& row : kRows) {
    const Verdict verdict = With(row.status);
    EXPECT_FALSE(RuleOf(verdict, "status").held) << row.name;
    EXPECT_EQ(verdict.exit, row.exit) << row.name << ": " << Words(verdict);
    EXPECT_THAT(BrokenRules(verdict), testing::ElementsAre("status", "withdrawn")) << row.name;
    EXPECT_FALSE(verdict.seen.has_value()) << row.name;
    // Bad evidence is no better than none where none was asked for.
    VerdictInput input = Input();
    input.policy.status_max_age_seconds = 0;
    input.status = row.status;
    EXPECT_EQ(Judge(input).exit, row.exit) << row.name;
  }
}

TEST_F(StatusVerdict, IsJudgedByTheRootAtItsOwnTime) {
  const struct {
    std::string name;
    std::function<void(TrustRoot&)> bend;
    ExitCode exit;
  } kRows[] = {
      {"monitor_not_yet", [](TrustRoot& r) { r.monitors[0].valid_for.start = kIssued + 1; },
       ExitCode::kNotValidThen},
      {"monitor_no_more", [](TrustRoot& r) { r.monitors[0].valid_for.end = kIssued - 1; },
       ExitCode::kNotValidThen},
      {"monitor_unknown", [](TrustRoot& r) { r.monitors.erase(r.monitors.begin()); },
       ExitCode::kBadSignature},
      {"root_expired_before_it", [](TrustRoot& r) { r.expires = kIssued - 61; },
       ExitCode::kNotValidThen},
      {"monitor_revoked",
       [](TrustRoot& r) {
         r.revocations.push_back({"key", r.monitors[0].key.KeyId(), "stolen", {}});
       },
       ExitCode::kRevoked},
      {"monitor_revoked_since",
       [](TrustRoot& r) {
         r.revocations.push_back({"key", r.monitors[0].key.KeyId(), "stolen", kIssued});
       },
       ExitCode::kRevoked},
      {"log_closed_before_that_size",
       [&](TrustRoot& r) {
         r.logs[0].end = LogEnd{status_.logs[0].head.size - 1, Sha256("x"), "other"};
       },
       ExitCode::kLogProof},
  };
  for (const auto& row : kRows) {
    VerdictInput input = Input();
    input.status = maker_.StatusLine(status_);
    row.bend(input.root);
    const Verdict verdict = Judge(input);
    ExpectKnownCodes(verdict);
    EXPECT_FALSE(RuleOf(verdict, "status").held) << row.name;
    EXPECT_EQ(verdict.exit, row.exit) << row.name << ": " << Words(verdict);
  }
  VerdictInput later = Input();
  later.status = maker_.StatusLine(status_);
  later.root.monitors[0].valid_for.end = kIssued;
  later.root.revocations.push_back({"key", later.root.monitors[0].key.KeyId(), "", kIssued + 1});
  EXPECT_TRUE(Judge(later).proved()) << Words(Judge(later));
}

// Its witnesses say how old a head is: the log may be lost by the time that the status is made.
TEST_F(StatusVerdict, AHeadIsJudgedAtItsOwnTime) {
  FarmStatus status = status_;
  status.issued += 50;
  VerdictInput input = Input();
  input.status = maker_.StatusLine(status);
  ASSERT_TRUE(Judge(input).proved()) << Words(Judge(input));
  const std::string key = input.root.logs[0].key.KeyId();
  input.root.revocations = {{"key", key, "stolen", kIssued + 20}};
  EXPECT_TRUE(Judge(input).proved()) << Words(Judge(input));
  input.root.revocations = {{"key", key, "stolen", kIssued}};  // the very second
  EXPECT_EQ(Judge(input).exit, ExitCode::kRevoked);
  EXPECT_THAT(RuleOf(Judge(input), "status").found, testing::HasSubstr("its key is revoked"));
}

TEST_F(StatusVerdict, GetsTooOld) {
  VerdictInput input = Input();
  input.status = maker_.StatusLine(status_);
  input.at = kIssued + kDay;
  EXPECT_TRUE(Judge(input).proved());
  EXPECT_TRUE(RuleOf(Judge(input), "status").warning);  // a newer one was due an hour later
  input.at = kIssued + kDay + 1;
  EXPECT_EQ(Judge(input).exit, ExitCode::kStatusTooOld);
  EXPECT_EQ(BrokenRules(Judge(input)), std::vector<std::string>{"status"});
  input.policy.status_max_age_seconds = 0;
  EXPECT_TRUE(Judge(input).proved());
}

// Else it would be fresh until its time has come, and longer.
TEST_F(StatusVerdict, IsNotOfTheFuture) {
  VerdictInput input = Input();
  input.status = maker_.StatusLine(status_);
  input.at = kIssued - 60;  // the clocks may differ by so much
  EXPECT_TRUE(Judge(input).proved()) << Words(Judge(input));
  EXPECT_FALSE(RuleOf(Judge(input), "status").warning);
  EXPECT_TRUE(Judge(input).seen.has_value());
  input.at = kIssued - 61;
  EXPECT_EQ(BrokenRules(Judge(input)), std::vector<std::string>{"status"});
  EXPECT_EQ(Judge(input).exit, ExitCode::kStatusTooOld);
  EXPECT_THAT(RuleOf(Judge(input), "status").found, testing::HasSubstr("61 s ahead"));
  EXPECT_FALSE(Judge(input).seen.has_value());
  input.policy.status_max_age_seconds = 0;
  EXPECT_TRUE(Judge(input).proved()) << Words(Judge(input));
  EXPECT_TRUE(RuleOf(Judge(input), "status").warning);
  EXPECT_FALSE(Judge(input).seen.has_value());
}

TEST_F(StatusVerdict, TellsOfTheReleasesLogAtLeastThatFar) {
  EvidenceMaker early{EvidenceOptions{.monitors = 1}};
  const FarmStatus before = early.Status(kReleased);
  const MadeRelease made = early.Make();
  VerdictInput input = early.Input(made);
  input.policy.status_max_age_seconds = kDay;
  input.status = early.StatusLine(before);
  const Verdict verdict = Judge(input);
  EXPECT_EQ(BrokenRules(verdict), std::vector<std::string>{"status"});
  EXPECT_EQ(verdict.exit, ExitCode::kStatusTooOld);
  input.policy.status_max_age_seconds = 0;  // asks for none, and gets a look at this one
  EXPECT_TRUE(Judge(input).proved()) << Words(Judge(input));
  EXPECT_TRUE(RuleOf(Judge(input), "status").warning);
  EXPECT_THAT(RuleOf(Judge(input), "status").found, testing::HasSubstr("it tells of 5 entries"));
  // Another tree of the very size under which the release was proved.
  const std::uint64_t size = early.Head().size;
  early.Rewind(size - 1);
  Bundle other = early.MakeLine(
      early.Draft(Request{Sha256("x"), "hello", "9", "requester", kMade}, "requester", kMade));
  ASSERT_EQ(early.Head().size, size);
  input.status = early.StatusLine(early.Status(kIssued));
  for (const std::int64_t age : {kDay, std::int64_t{0}}) {
    input.policy.status_max_age_seconds = age;
    EXPECT_EQ(BrokenRules(Judge(input)), std::vector<std::string>{"status"});
    EXPECT_EQ(Judge(input).exit, ExitCode::kLogProof);
    EXPECT_FALSE(Judge(input).seen.has_value());  // it or the release is of a fork
  }
}

// A withdrawal may be in the log that goes on from the release's.
TEST_F(StatusVerdict, TellsOfTheLogThatGoesOn) {
  VerdictInput input = Input();
  input.status = maker_.StatusLine(status_);
  Log next = input.root.logs[0];
  next.origin = "log2.farm.example";
  input.root.logs[0].end = LogEnd{maker_.Head().size, maker_.Head().root, next.origin};
  input.root.logs.push_back(next);
  Verdict verdict = Judge(input);
  EXPECT_EQ(verdict.exit, ExitCode::kStatusTooOld) << Words(verdict);
  EXPECT_THAT(RuleOf(verdict, "status").found, testing::HasSubstr("log2.farm.example"));
  input.policy.status_max_age_seconds = 0;
  verdict = Judge(input);
  EXPECT_TRUE(verdict.proved()) << Words(verdict);
  EXPECT_TRUE(RuleOf(verdict, "status").warning);
  input.policy.status_max_age_seconds = kDay;
  FarmStatus both = status_;
  both.logs.push_back(EmptyLog(next.origin));
  input.status = maker_.StatusLine(both);
  verdict = Judge(input);
  EXPECT_TRUE(verdict.proved()) << Words(verdict);
}

TEST_F(StatusVerdict, AWithdrawnReleaseIsRefusedWhateverThePolicyAsks) {
  FarmStatus status = status_;
  status.withdrawn = {{Release(), "hello", "1.0", "it eats files", "auditor-0", kIssued - 1}};
  for (const std::int64_t age : {kDay, std::int64_t{0}}) {
    VerdictInput input = Input();
    input.policy.status_max_age_seconds = age;
    input.status = maker_.StatusLine(status);
    const Verdict verdict = Judge(input);
    EXPECT_EQ(BrokenRules(verdict), std::vector<std::string>{"withdrawn"});
    EXPECT_EQ(verdict.exit, ExitCode::kRevoked);
    EXPECT_THAT(RuleOf(verdict, "withdrawn").found, testing::HasSubstr("it eats files"));
    // Also where the status is too old for anything else: what was withdrawn stays so.
    input.at = kIssued + 10 * kDay;
    EXPECT_THAT(BrokenRules(Judge(input)), testing::Contains("withdrawn"));
    EXPECT_EQ(Judge(input).exit, ExitCode::kRevoked);
    EXPECT_TRUE(Judge(input).seen.has_value());  // remembered, though nothing is proved
  }
}

TEST_F(StatusVerdict, AWithdrawalOfAnotherReleaseIsAWarningUnderTheSameVersion) {
  FarmStatus status = status_;
  status.withdrawn = {{Sha256("another"), "hello", "1.0", "it bites", "auditor-0", kIssued - 1}};
  Verdict verdict = With(status);
  EXPECT_TRUE(verdict.proved()) << Words(verdict);
  EXPECT_TRUE(RuleOf(verdict, "withdrawn").warning);
  EXPECT_THAT(RuleOf(verdict, "withdrawn").found, testing::HasSubstr("ask which one was meant"));
  for (const auto& [product, version] : {std::pair{"hello", "0.9"}, std::pair{"world", "1.0"}}) {
    status.withdrawn[0].product = product;
    status.withdrawn[0].version = version;
    verdict = With(status);
    EXPECT_TRUE(verdict.proved()) << Words(verdict);
    EXPECT_FALSE(RuleOf(verdict, "withdrawn").warning) << product << version;
  }
}

TEST_F(StatusVerdict, ASupersededReleaseIsAWarning) {
  FarmStatus status = status_;
  status.newest = {{"hello", "1.1", Sha256("newer"), 2}};
  Verdict verdict = With(status);
  EXPECT_TRUE(verdict.proved()) << Words(verdict);
  EXPECT_TRUE(RuleOf(verdict, "withdrawn").warning);
  EXPECT_THAT(RuleOf(verdict, "withdrawn").found, testing::HasSubstr("version 1.1"));
  status.newest = {{"hello", "1.0", Release(), 1}};
  EXPECT_FALSE(RuleOf(With(status), "withdrawn").warning);
  status.newest = {{"world", "7", Sha256("newer"), 2}};
  EXPECT_FALSE(RuleOf(With(status), "withdrawn").warning);
}

TEST_F(StatusVerdict, ADissentOfThisManifestRefuses) {
  FarmStatus status = status_;
  status.dissents = {{Sha256("dissent"), Manifest(), "hello", "1.0"}};
  const Verdict verdict = With(status);
  EXPECT_EQ(BrokenRules(verdict), std::vector<std::string>{"agreement"});
  EXPECT_EQ(verdict.exit, ExitCode::kDissent);
  status.dissents[0].manifest = Sha256("another");
  EXPECT_TRUE(With(status).proved());
}

TEST_F(StatusVerdict, AKeyThatItRevokesCountsOnlyForBefore) {
  const std::string key = made_.lines[kFirstRecordLine].key().KeyId();
  FarmStatus status = status_;
  status.revoked_keys = {{key, "stolen", std::nullopt}};
  EXPECT_TRUE(With(status).proved()) << "the root at hand is as new, and revokes nothing";
  ++status.root_version;
  Verdict verdict = With(status);
  EXPECT_EQ(BrokenRules(verdict), std::vector<std::string>{"revocations"});
  EXPECT_EQ(verdict.exit, ExitCode::kRevoked);
  status.revoked_keys[0].compromised_since = kMade + 300;  // the record's very second
  EXPECT_EQ(With(status).exit, ExitCode::kRevoked);
  status.revoked_keys[0].compromised_since = kMade + 311;  // after stamp and witnesses
  verdict = With(status);
  EXPECT_TRUE(verdict.proved()) << Words(verdict);
  status.revoked_keys[0] = {Sha256("nobody's").Hex(), "stolen", std::nullopt};
  EXPECT_TRUE(With(status).proved());
}

TEST_F(StatusVerdict, WarnsOfANewerRoot) {
  FarmStatus status = status_;
  status.root_version = 2;
  EXPECT_TRUE(With(status).proved());
  EXPECT_TRUE(RuleOf(With(status), "status").warning);
}

// The day that a farm goes on in another log, who has not the next root yet is warned, not refused.
TEST_F(StatusVerdict, ALogThatOnlyANewerRootKnowsIsAWarning) {
  FarmStatus status = status_;
  status.logs.push_back(EmptyLog("next.farm.example"));
  ASSERT_LT(status.logs[0].head.origin, status.logs[1].head.origin);
  EXPECT_EQ(With(status).exit, ExitCode::kLogProof);  // by its own word there is no newer root
  status.root_version = 2;
  const Verdict verdict = With(status);
  EXPECT_TRUE(verdict.proved()) << Words(verdict);
  EXPECT_TRUE(RuleOf(verdict, "status").warning);
  EXPECT_THAT(RuleOf(verdict, "status").found,
              testing::HasSubstr("log next.farm.example is not in your root"));
  ASSERT_TRUE(verdict.seen.has_value());
  EXPECT_EQ(verdict.seen->logs.size(), 1u);
  // The release's own log must be there, and hold.
  status.logs.erase(status.logs.begin());
  EXPECT_EQ(With(status).exit, ExitCode::kStatusTooOld);
  EXPECT_THAT(BrokenRules(With(status)), testing::ElementsAre("status"));
  status.logs = {status_.logs[0], EmptyLog("next.farm.example")};
  Note note = *ParseNote(status.logs[0].checkpoint);
  std::erase_if(note.signatures, [](const NoteSignature& s) { return s.name == kFirstWitness; });
  status.logs[0].checkpoint = WriteNote(note);
  EXPECT_EQ(With(status).exit, ExitCode::kWitnesses);
}

TEST_F(StatusVerdict, NeverGoesBack) {
  VerdictInput input = Input();
  input.status = maker_.StatusLine(status_);
  const SeenLog seen = Judge(input).seen->logs.at("log.farm.example");
  const struct {
    std::string name;
    SeenLog before;
    ExitCode exit;
  } kRows[] = {
      {"the_same", seen, ExitCode::kProved},
      {"smaller_and_older", {seen.size - 1, Sha256("x"), seen.time - 1}, ExitCode::kProved},
      {"newer", {seen.size, seen.root_hash, seen.time + 1}, ExitCode::kRollback},
      {"larger", {seen.size + 1, Sha256("x"), seen.time}, ExitCode::kRollback},
      {"forked", {seen.size, Sha256("x"), seen.time}, ExitCode::kLogProof},
      {"forked_before", {seen.size, Sha256("x"), seen.time - 1}, ExitCode::kLogProof},
      {"forked_and_newer", {seen.size, Sha256("x"), seen.time + 1}, ExitCode::kLogProof},
  };
  for (const auto& row : kRows) {
    input.seen.logs = {{"log.farm.example", row.before}};
    input.allow_older = false;
    ExpectKnownCodes(Judge(input));
    EXPECT_EQ(Judge(input).exit, row.exit) << row.name << Words(Judge(input));
    EXPECT_EQ(Judge(input).seen.has_value(), row.exit == ExitCode::kProved) << row.name;
    if (row.exit != ExitCode::kRollback) continue;
    input.allow_older = true;
    EXPECT_TRUE(Judge(input).proved()) << row.name;
    EXPECT_TRUE(RuleOf(Judge(input), "status").warning) << row.name;
    EXPECT_FALSE(Judge(input).seen.has_value()) << row.name;
  }
}

// A log that forked is ended where all agree: who has seen more of it than that waits for nothing.
TEST_F(StatusVerdict, WhatTheRootDisownsOfALogIsInNobodysWay) {
  VerdictInput input = Input();
  const Checkpoint head = maker_.Head();
  Log next = input.root.logs[0];
  next.origin = "next.farm.example";
  input.root.logs[0].end = LogEnd{head.size, head.root, next.origin};
  input.root.logs.push_back(next);
  FarmStatus status = status_;
  status.logs.push_back(EmptyLog(next.origin));
  input.status = maker_.StatusLine(status);
  const struct {
    std::string name;
    SeenLog before;
    ExitCode exit;
  } kRows[] = {
      {"more_than_the_end", {head.size + 3, Sha256("x"), kIssued + 1}, ExitCode::kProved},
      {"another_end", {head.size, Sha256("x"), kIssued - 1}, ExitCode::kProved},
      {"the_end", {head.size, head.root, kIssued}, ExitCode::kProved},
      {"the_end_later", {head.size, head.root, kIssued + 1}, ExitCode::kRollback},
      {"less_later", {head.size - 1, Sha256("x"), kIssued + 1}, ExitCode::kRollback},
  };
  for (const auto& row : kRows) {
    input.seen.logs = {{"log.farm.example", row.before}};
    const Verdict verdict = Judge(input);
    EXPECT_EQ(verdict.exit, row.exit) << row.name << Words(verdict);
    if (row.exit != ExitCode::kProved) continue;
    ASSERT_TRUE(verdict.seen.has_value()) << row.name;
    EXPECT_EQ(verdict.seen->logs.at("log.farm.example"), (SeenLog{head.size, head.root, kIssued}))
        << row.name;
  }
}

// What statuses have said before the one at hand, if there is one.
class SaidBefore : public StatusVerdict {
 protected:
  // Remembers a status like `status_` but for what `bend` does; the next one is silent, of another
  // monitor.
  void Remember(const std::function<void(FarmStatus&)>& bend) {
    FarmStatus status = status_;
    bend(status);
    input_.status = maker_.StatusLine(status);
    const Verdict verdict = Judge(input_);
    ASSERT_TRUE(verdict.seen.has_value()) << Words(verdict);
    input_.seen = *verdict.seen;
    FarmStatus silent = maker_.Status(kIssued + 10);
    silent.monitor = "monitor-1";
    silent_ = maker_.StatusLine(silent);
  }
  void RememberWithdrawal() {
    Remember([&](FarmStatus& status) {
      status.withdrawn = {{Release(), "hello", "1.0", "it eats files", "auditor-0", kIssued - 1}};
    });
  }
  // With a silent status, and with none.
  void ExpectRefused(ExitCode exit, const std::string& rule, const std::string& found) {
    for (const bool is_silent : {true, false}) {
      input_.status = is_silent ? std::optional(silent_) : std::nullopt;
      input_.policy.status_max_age_seconds = is_silent ? kDay : 0;
      input_.allow_older = false;
      const Verdict verdict = Judge(input_);
      ExpectKnownCodes(verdict);
      EXPECT_EQ(verdict.exit, exit) << Words(verdict);
      EXPECT_EQ(BrokenRules(verdict), std::vector<std::string>{rule});
      EXPECT_THAT(RuleOf(verdict, rule).found, testing::HasSubstr(found));
      if (is_silent) {
        EXPECT_EQ(verdict.seen->said, input_.seen.said);
      }
      input_.allow_older = true;  // the word is not older, but later
      EXPECT_EQ(Judge(input_).exit, exit) << Words(Judge(input_));
    }
    input_.allow_older = false;
  }
  std::string MonitorKey() { return maker_.Key("monitor-0").public_key().KeyId(); }
  VerdictInput input_ = Input();
  Bundle silent_;
};

TEST_F(SaidBefore, WhatWasWithdrawnStaysSo) {
  RememberWithdrawal();
  EXPECT_EQ(input_.seen.said,
            (std::vector<SaidByStatus>{{MonitorKey(), kIssued, {Release()}, {}, {}}}));
  ExpectRefused(ExitCode::kRevoked, "withdrawn", "a status seen before");
}

TEST_F(SaidBefore, ADissentStaysOne) {
  const Digest manifest = Manifest();
  Remember([&](FarmStatus& status) {
    status.dissents = {{Sha256("dissent"), manifest, "hello", "1.0"}};
  });
  EXPECT_EQ(input_.seen.said,
            (std::vector<SaidByStatus>{{MonitorKey(), kIssued, {}, {manifest}, {}}}));
  ExpectRefused(ExitCode::kDissent, "agreement", "a status seen before");
}

TEST_F(SaidBefore, OfAnotherReleaseItIsInNobodysWay) {
  Remember([&](FarmStatus& status) {
    status.withdrawn = {{Sha256("another"), "other", "1.0", "old", "auditor-0", kIssued - 1}};
    status.dissents = {{Sha256("dissent"), Sha256("its manifest"), "other", "1.0"}};
  });
  input_.status = silent_;
  EXPECT_TRUE(Judge(input_).proved()) << Words(Judge(input_));
}

TEST_F(SaidBefore, WhatWasRevokedStaysSo) {
  const std::string signer = maker_.Key("ca-operator-0").public_key().KeyId();
  Remember([&](FarmStatus& status) {
    status.revoked_keys = {{signer, "stolen", kMade + 1}};
    ++status.root_version;
  });
  FarmStatus status = maker_.Status(kIssued + 10);
  ++status.root_version;
  status.revoked_keys = {{signer, "stolen", kMade + 100'000}};  // since later: that says less
  status.monitor = "monitor-1";
  input_.status = maker_.StatusLine(status);
  EXPECT_EQ(Judge(input_).exit, ExitCode::kRevoked) << Words(Judge(input_));
  input_.status.reset();
  input_.policy.status_max_age_seconds = 0;
  EXPECT_EQ(Judge(input_).exit, ExitCode::kRevoked);
  input_.allow_older = true;
  EXPECT_EQ(Judge(input_).exit, ExitCode::kRevoked);
}

// Else a root could take back no revocation that a status has repeated.
TEST_F(SaidBefore, ARootThatIsNotOlderSpeaksForItself) {
  const std::string signer = maker_.Key("ca-operator-0").public_key().KeyId();
  Remember([&](FarmStatus& status) {
    status.revoked_keys = {{signer, "stolen", std::nullopt}};
    ++status.root_version;
  });
  input_.status.reset();
  input_.policy.status_max_age_seconds = 0;
  EXPECT_EQ(Judge(input_).exit, ExitCode::kRevoked);
  ++input_.root.version;
  EXPECT_TRUE(Judge(input_).proved()) << Words(Judge(input_));
  input_.root.revocations = {{"key", signer, "stolen", kMade + 1}};
  EXPECT_EQ(Judge(input_).exit, ExitCode::kRevoked);
}

// A word of the root before is not that of the next one, which may come after it was taken back.
TEST_F(SaidBefore, ARevocationIsNewsInEachRoot) {
  const std::string key(64, 'a');
  for (const std::int64_t version : {3, 2, 4, 4}) {
    FarmStatus status = status_;
    status.revoked_keys = {{key, "stolen", std::nullopt}};
    status.root_version = version;
    input_.status = maker_.StatusLine(status);
    const Verdict verdict = Judge(input_);
    if (verdict.seen) input_.seen = *verdict.seen;
  }
  std::vector<std::int64_t> versions;
  for (const SaidByStatus& said : input_.seen.said) versions.push_back(said.root_version);
  EXPECT_EQ(versions, std::vector<std::int64_t>{4});
}

// Each word is remembered with the first status that said it: its key may be stolen since.
TEST_F(SaidBefore, OfEachMonitorOnlyNewsIsKept) {
  const std::string key(64, 'a');
  const auto say = [&](FarmStatus& status, std::optional<UnixSeconds> since) {
    status.withdrawn = {{Release(), "hello", "1.0", "it eats files", "auditor-0", kIssued - 1}};
    status.revoked_keys = {{key, "stolen", since}};
  };
  Remember([&](FarmStatus& status) { say(status, kMade); });
  const SaidByStatus first{MonitorKey(), kIssued, {Release()}, {}, {{key, kMade}}};
  ASSERT_EQ(input_.seen.said, std::vector<SaidByStatus>{first});
  const struct {
    std::string monitor;
    std::optional<UnixSeconds> since;
    std::vector<SaidByStatus> news;
  } kRows[] = {
      {"monitor-0", kMade, {}},
      {"monitor-0", kMade + 1, {}},
      {"monitor-0", kMade - 1, {{MonitorKey(), kIssued + 1, {}, {}, {{key, kMade - 1}}}}},
      {"monitor-0", std::nullopt, {{MonitorKey(), kIssued + 1, {}, {}, {{key, std::nullopt}}}}},
      {"monitor-1",
       kMade + 1,
       {{maker_.Key("monitor-1").public_key().KeyId(),
         kIssued + 1,
         {Release()},
         {},
         {{key, kMade + 1}}}}},
  };
  for (const auto& row : kRows) {
    FarmStatus status = maker_.Status(kIssued + 1);
    status.monitor = row.monitor;
    say(status, row.since);
    input_.status = maker_.StatusLine(status);
    std::vector<SaidByStatus> expected = {first};
    expected.insert(expected.end(), row.news.begin(), row.news.end());
    const Verdict verdict = Judge(input_);
    ASSERT_TRUE(verdict.seen.has_value()) << Words(verdict);
    EXPECT_EQ(verdict.seen->said, expected) << row.monitor;
  }
}

// Else a word that the root does not believe any more would keep out the same one, said again.
TEST_F(SaidBefore, WhatIsNotHeededIsNewsWhenItIsSaidAgain) {
  RememberWithdrawal();
  input_.root.monitors[0].valid_for.start = kIssued + 1;
  FarmStatus again = maker_.Status(kIssued + 5);
  again.withdrawn = {{Release(), "hello", "1.0", "it eats files", "auditor-0", kIssued - 1}};
  input_.status = maker_.StatusLine(again);
  const Verdict verdict = Judge(input_);
  ASSERT_TRUE(verdict.seen.has_value()) << Words(verdict);
  ASSERT_EQ(verdict.seen->said.size(), 2u);
  EXPECT_EQ(verdict.seen->said[1].time, kIssued + 5);
  input_.seen = *verdict.seen;
  ExpectRefused(ExitCode::kRevoked, "withdrawn", "by monitor-0");
}

// One monitor's status that is a second newer, or a slow clock, does not undo another's word.
TEST_F(SaidBefore, IsRememberedWhateverTheTimeOfTheStatusIs) {
  const SeenLog head = {maker_.Head().size, maker_.Head().root, kIssued};
  const auto with = [&](const std::function<void(SeenLog&)>& bend) {
    SeenLog seen = head;
    bend(seen);
    return std::map<std::string, SeenLog>{{"log.farm.example", seen}};
  };
  const struct {
    std::string name;
    std::map<std::string, SeenLog> logs;
    UnixSeconds at;
    ExitCode exit;  // of the rule `status`
  } kRows[] = {
      {"older", with([](SeenLog& seen) { ++seen.time; }), kIssued + 100, ExitCode::kRollback},
      {"smaller", with([](SeenLog& seen) { ++seen.size; }), kIssued + 100, ExitCode::kRollback},
      {"forked", with([](SeenLog& seen) { seen.root_hash = Sha256("x"); }), kIssued + 100,
       ExitCode::kLogProof},
      {"ahead", with([](SeenLog& seen) { --seen.time; }), kIssued - 61, ExitCode::kStatusTooOld},
      {"ahead_and_the_first", {}, kIssued - 61, ExitCode::kStatusTooOld},
  };
  const std::string key(64, 'a');
  FarmStatus status = status_;
  status.withdrawn = {{Release(), "hello", "1.0", "it eats files", "auditor-0", kIssued - 1}};
  status.dissents = {{Sha256("dissent"), Manifest(), "hello", "1.0"}};
  status.revoked_keys = {{key, "stolen", std::nullopt}};
  FarmStatus silent = maker_.Status(kIssued + 10);
  silent.monitor = "monitor-1";
  for (const auto& row : kRows) {
    for (const bool allow_older : {false, true}) {
      VerdictInput input = Input();
      input.seen.logs = row.logs;
      input.at = row.at;
      input.allow_older = allow_older;
      input.status = maker_.StatusLine(status);
      const Verdict verdict = Judge(input);
      ExpectKnownCodes(verdict);
      EXPECT_EQ(RuleOf(verdict, "status").exit,
                allow_older && row.exit == ExitCode::kRollback ? ExitCode::kProved : row.exit)
          << row.name;
      ASSERT_TRUE(verdict.seen.has_value()) << row.name;
      EXPECT_EQ(verdict.seen->logs, row.logs) << row.name;
      EXPECT_EQ(verdict.seen->said,
                (std::vector<SaidByStatus>{
                    {MonitorKey(), kIssued, {Release()}, {Manifest()}, {{key, std::nullopt}}}}))
          << row.name;
      VerdictInput later = Input();
      later.seen.said = verdict.seen->said;
      later.status = maker_.StatusLine(silent);
      EXPECT_EQ(BrokenRules(Judge(later)), (std::vector<std::string>{"withdrawn", "agreement"}))
          << row.name;
    }
  }
}

// The log of the release is another one than the monitor was shown: its word is its word.
TEST_F(SaidBefore, IsRememberedThoughTheReleaseIsOfAFork) {
  const std::uint64_t size = maker_.Head().size;
  maker_.Rewind(size - 1);
  maker_.MakeLine(
      maker_.Draft(Request{Sha256("x"), "hello", "9", "requester", kMade}, "requester", kMade));
  ASSERT_EQ(maker_.Head().size, size);
  FarmStatus status = maker_.Status(kIssued);
  status.withdrawn = {{Release(), "hello", "1.0", "it eats files", "auditor-0", kIssued - 1}};
  input_.status = maker_.StatusLine(status);
  const Verdict verdict = Judge(input_);
  EXPECT_EQ(verdict.exit, ExitCode::kLogProof) << Words(verdict);
  ASSERT_TRUE(verdict.seen.has_value());
  EXPECT_TRUE(verdict.seen->logs.empty());
  EXPECT_EQ(verdict.seen->said,
            (std::vector<SaidByStatus>{{MonitorKey(), kIssued, {Release()}, {}, {}}}));
}

// Else its place would be full of one word, said often, and its next word be forgotten.
TEST_F(SaidBefore, AWordIsRememberedOnceInWhateverOrderStatusesAreShown) {
  const std::string key(64, 'a');
  const Digest other = Sha256("another");
  for (UnixSeconds time = kIssued; time > kIssued - 5; --time) {
    FarmStatus status = maker_.Status(kReleased + 100);
    status.issued = time;
    status.next_update = time + 3600;
    status.withdrawn = {{Release(), "hello", "1.0", "it eats files", "auditor-0", kMade}};
    status.dissents = {{Sha256("dissent"), Manifest(), "hello", "1.0"}};
    status.revoked_keys = {{key, "stolen", kMade + 1}};
    if (time == kIssued) {
      status.withdrawn.push_back({other, "other", "1.0", "old", "auditor-0", kMade});
      status.revoked_keys[0].compromised_since = kMade;  // says more than those before it
    }
    input_.status = maker_.StatusLine(status);
    const Verdict verdict = Judge(input_);
    ASSERT_TRUE(verdict.seen.has_value()) << Words(verdict);
    input_.seen = *verdict.seen;
  }
  EXPECT_EQ(input_.seen.said,
            (std::vector<SaidByStatus>{
                {MonitorKey(), kIssued, {other}, {}, {{key, kMade}}},
                {MonitorKey(), kIssued - 4, {Release()}, {Manifest()}, {{key, kMade + 1}}}}));
}

TEST_F(SaidBefore, AnOlderStatusThatIsTakenIsRememberedByItsWords) {
  const std::map<std::string, SeenLog> newer = {
      {"log.farm.example", {maker_.Head().size, maker_.Head().root, kIssued + 1}}};
  FarmStatus status = status_;
  status.withdrawn = {{Release(), "hello", "1.0", "it eats files", "auditor-0", kIssued - 1}};
  input_.status = maker_.StatusLine(status);
  input_.seen.logs = newer;
  input_.allow_older = true;
  const Verdict verdict = Judge(input_);
  EXPECT_EQ(verdict.exit, ExitCode::kRevoked) << Words(verdict);
  ASSERT_TRUE(verdict.seen.has_value());
  EXPECT_EQ(verdict.seen->logs, newer);
  EXPECT_EQ(verdict.seen->said,
            (std::vector<SaidByStatus>{{MonitorKey(), kIssued, {Release()}, {}, {}}}));
}

// What it tells of is heeded while it is at hand, and it keeps nobody from anything but from going
// without a status.
TEST_F(SaidBefore, AMonitorThatSaysTooMuchLosesItsOwnNews) {
  SaidByStatus full{MonitorKey(), kIssued - 1};
  for (std::size_t i = 0; i < kSaidByMonitorMax; ++i) {
    full.withdrawn.insert(Sha256(std::to_string(i)));
  }
  FarmStatus status = status_;
  status.withdrawn = {{Sha256("another"), "other", "1.0", "old", "auditor-0", kIssued - 1}};
  input_.status = maker_.StatusLine(status);
  input_.seen.said = {full};
  Verdict verdict = Judge(input_);
  EXPECT_TRUE(verdict.proved()) << Words(verdict);
  EXPECT_THAT(verdict.not_remembered, testing::HasSubstr("a status by another key"));
  EXPECT_EQ(verdict.seen.value().said, input_.seen.said);
  EXPECT_EQ(verdict.seen->logs.at("log.farm.example").time, kIssued);
  EXPECT_EQ(verdict.seen->lost,
            (std::map<std::string, LostWords>{{MonitorKey(), {kIssued, kIssued}}}));
  status.monitor = "monitor-1";
  input_.status = maker_.StatusLine(status);
  verdict = Judge(input_);
  EXPECT_EQ(verdict.not_remembered, "");
  EXPECT_EQ(verdict.seen.value().said.size(), 2u);
  EXPECT_TRUE(verdict.seen->lost.empty());
}

// Else whoever fills a memory, with a key that he has stolen, would have it forget a withdrawal,
// and then show none, or a status from before it.
TEST_F(SaidBefore, WhereWordsAreLostAnotherMonitorMustSayThem) {
  const auto as_it_is = [](VerdictInput&) {};
  const struct {
    std::string name;
    std::string speaker;  // of the status at hand; "": none is
    LostWords lost;       // of monitor-0
    std::function<void(VerdictInput&)> bend;
    bool good;
  } kRows[] = {
      {"none", "", {kIssued, kIssued}, as_it_is, false},
      {"the_same_key", "monitor-0", {kIssued, kIssued}, as_it_is, false},
      {"another", "monitor-1", {kIssued, kIssued}, as_it_is, true},
      {"another_from_before", "monitor-1", {kIssued, kIssued + 1}, as_it_is, false},
      {"from_before_and_older_allowed",
       "monitor-1",
       {kIssued, kIssued + 1},
       [](VerdictInput& input) { input.allow_older = true; },
       false},
      {"another_ahead",
       "monitor-1",
       {kIssued, kIssued},
       [](VerdictInput& input) { input.at = kIssued - 61; },
       false},
      {"not_believed_for_then", "", {1, 1}, as_it_is, true},
      {"believed_for_the_first", "", {kIssued, 1}, as_it_is, false},
      {"believed_for_the_last", "", {1, kIssued}, as_it_is, false},
      {"not_listed",
       "",
       {kIssued, kIssued},
       [](VerdictInput& input) { input.root.monitors.erase(input.root.monitors.begin()); },
       true},
  };
  for (const auto& row : kRows) {
    VerdictInput input = Input();
    input.policy.status_max_age_seconds = 0;
    input.seen.lost = {{MonitorKey(), row.lost}};
    row.bend(input);
    if (!row.speaker.empty()) {
      FarmStatus status = status_;
      status.monitor = row.speaker;
      input.status = maker_.StatusLine(status);
    }
    const Verdict verdict = Judge(input);
    ExpectKnownCodes(verdict);
    EXPECT_EQ(verdict.proved(), row.good) << row.name << Words(verdict);
    if (row.good) continue;
    EXPECT_EQ(verdict.exit, ExitCode::kStatusTooOld) << row.name;
    EXPECT_EQ(BrokenRules(verdict), std::vector<std::string>{"status"}) << row.name;
    EXPECT_THAT(RuleOf(verdict, "status").expected, testing::HasSubstr("tells again")) << row.name;
  }
}

// Nor can it tell of less than the release.
TEST_F(SaidBefore, WhereWordsAreLostAStatusThatTellsTooLittleIsNone) {
  input_.policy.status_max_age_seconds = 0;
  input_.seen.lost = {{MonitorKey(), {kIssued, kIssued}}};
  FarmStatus status = status_;
  status.monitor = "monitor-1";
  status.logs = {EmptyLog("z.log.farm.example")};
  status.root_version = 2;  // which has that log
  input_.status = maker_.StatusLine(status);
  EXPECT_EQ(Judge(input_).exit, ExitCode::kStatusTooOld) << Words(Judge(input_));
  input_.seen.lost.clear();
  EXPECT_TRUE(Judge(input_).proved()) << Words(Judge(input_));
}

// Else the archived statuses of one root after the other would fill a monitor's place.
TEST_F(SaidBefore, RevocationsThatTheRootSpeaksForItselfMakeRoom) {
  for (const bool has_own_word : {true, false}) {
    SaidByStatus full{MonitorKey(), kIssued - 1};
    full.root_version = input_.root.version + (has_own_word ? 0 : 1);
    for (std::size_t i = 0; i < kSaidByMonitorMax; ++i) {
      full.revoked_keys[Sha256(std::to_string(i)).Hex()] = std::nullopt;
    }
    input_.seen.said = {full};
    FarmStatus status = status_;
    status.withdrawn = {{Sha256("another"), "other", "1.0", "old", "auditor-0", kIssued - 1}};
    input_.status = maker_.StatusLine(status);
    const SeenStatuses seen = Judge(input_).seen.value();
    EXPECT_EQ(seen.lost.empty(), has_own_word);
    EXPECT_EQ(seen.said.size(), 1u);
    EXPECT_EQ(seen.said[0].withdrawn.size(), has_own_word ? 1u : 0u);
  }
}

// Whose words were lost is itself bounded, and who is not believed any more makes room.
TEST_F(SaidBefore, WhoseWordsWereLostIsRememberedOfAsManyAsARootLists) {
  SaidByStatus full{MonitorKey(), kIssued - 1};
  for (std::size_t i = 0; i < kSaidByMonitorMax; ++i) {
    full.withdrawn.insert(Sha256(std::to_string(i)));
  }
  input_.seen.said = {full};
  for (std::size_t i = 0; i < kLostMax; ++i) {
    input_.seen.lost[Sha256(std::to_string(i)).Hex()] = {1, 1};
  }
  FarmStatus status = status_;
  status.withdrawn = {{Sha256("another"), "other", "1.0", "old", "auditor-0", kIssued - 1}};
  input_.status = maker_.StatusLine(status);
  const Verdict verdict = Judge(input_);
  EXPECT_EQ(verdict.seen.value().lost,
            (std::map<std::string, LostWords>{{MonitorKey(), {kIssued, kIssued}}}));
}

// Nor does a new key make room for more of one monitor, which another would lack.
TEST_F(SaidBefore, WordsAreCountedByMonitorWhateverItsKey) {
  TrustRoot& root = input_.root;
  Person before = root.monitors[0];
  before.key = PrivateKey::Generate(KeyKind::kEd25519).public_key();
  before.valid_for.end = kIssued - 10;
  root.monitors[0].valid_for.start = kIssued - 9;
  root.monitors.push_back(before);
  SaidByStatus full{before.key.KeyId(), kIssued - 20};
  for (std::size_t i = 0; i < kSaidByMonitorMax; ++i) {
    full.withdrawn.insert(Sha256(std::to_string(i)));
  }
  input_.seen.said = {full};
  FarmStatus status = status_;
  status.withdrawn = {{Sha256("another"), "other", "1.0", "old", "auditor-0", kIssued - 1}};
  input_.status = maker_.StatusLine(status);
  const Verdict verdict = Judge(input_);
  EXPECT_TRUE(verdict.proved()) << Words(verdict);
  EXPECT_EQ(verdict.seen.value().lost.count(MonitorKey()), 1u);
}

// Whoever has a customer look at a root of his own, with a monitor of his own or the farm's, puts
// nothing into the memory of the farm's statuses, and takes nothing out.
TEST_F(SaidBefore, NothingIsRememberedUnderARootThatNothingVouchesFor) {
  RememberWithdrawal();
  input_.root_is_known = false;
  FarmStatus status = maker_.Status(kIssued + 10);
  status.withdrawn = {{Sha256("another"), "other", "1.0", "old", "auditor-0", kIssued}};
  input_.status = maker_.StatusLine(status);
  Verdict verdict = Judge(input_);
  EXPECT_EQ(verdict.exit, ExitCode::kRevoked);
  EXPECT_FALSE(verdict.seen.has_value());
  EXPECT_THAT(verdict.not_remembered, testing::HasSubstr("nothing vouches for root 1"));
  input_.seen.said.clear();
  verdict = Judge(input_);
  EXPECT_TRUE(verdict.proved()) << Words(verdict);  // which vouches for it
  EXPECT_EQ(verdict.not_remembered, "");
  EXPECT_EQ(verdict.seen.value().said.size(), 1u);
}

// Words that each came in a status of its own take as much room as many words in one.
TEST_F(SaidBefore, MonitorsThatSayTooMuchLeaveTheOthersRoom) {
  const auto fill = [&](const std::string& key, std::size_t statuses) {
    for (std::size_t i = 0; i < statuses; ++i) {
      SaidByStatus said{key, kIssued - 1};
      said.withdrawn.insert(Sha256(key + std::to_string(i)));
      input_.seen.said.push_back(std::move(said));
    }
  };
  FarmStatus status = status_;
  status.withdrawn = {{Sha256("another"), "other", "1.0", "old", "auditor-0", kIssued - 1}};
  const auto statuses_after = [&](const std::string& monitor, bool warned) {
    status.monitor = monitor;
    input_.status = maker_.StatusLine(status);
    const Verdict verdict = Judge(input_);
    EXPECT_EQ(!verdict.not_remembered.empty(), warned) << monitor << Words(verdict);
    return verdict.seen.value().said.size();
  };
  fill(MonitorKey(), kStatusesByMonitorMax);
  EXPECT_EQ(statuses_after("monitor-0", true), kStatusesByMonitorMax);
  EXPECT_EQ(statuses_after("monitor-1", false), kStatusesByMonitorMax + 1);
  // Three whom the root does not list have filled all the rest: they are forgotten.
  for (const char key : {'a', 'b', 'c'}) fill(std::string(64, key), kStatusesByMonitorMax);
  ASSERT_EQ(input_.seen.said.size(), kStatusesMax);
  EXPECT_EQ(statuses_after("monitor-1", false), kStatusesByMonitorMax + 1);
}

// A monitor that lies shuts nobody out for longer than the root lists it.
TEST_F(SaidBefore, CountsAsLongAsTheRootBelievesTheMonitor) {
  const std::string other = maker_.Key("monitor-1").public_key().KeyId();
  Remember([&](FarmStatus& status) {
    status.withdrawn = {{Release(), "hello", "1.0", "it eats files", "auditor-0", kIssued - 1}};
    status.dissents = {{Sha256("dissent"), Manifest(), "hello", "1.0"}};
    status.revoked_keys = {{other, "stolen", std::nullopt}};
    ++status.root_version;
  });
  input_.status = silent_;
  const std::vector<std::string> all_that_it_said = {"agreement", "status", "withdrawn"};
  const struct {
    std::string name;
    std::function<void(TrustRoot&)> bend;
    bool believed;
  } kRows[] = {
      {"as_it_was", [](TrustRoot&) {}, true},
      {"no_longer_listed", [](TrustRoot& root) { root.monitors.erase(root.monitors.begin()); },
       false},
      {"ended_before", [](TrustRoot& root) { root.monitors[0].valid_for.end = kIssued - 1; },
       false},
      {"ended_since", [](TrustRoot& root) { root.monitors[0].valid_for.end = kIssued; }, true},
      {"revoked",
       [&](TrustRoot& root) {
         root.revocations.push_back({"key", MonitorKey(), "it lied", std::nullopt});
       },
       false},
      {"revoked_for_that_time",
       [&](TrustRoot& root) {
         root.revocations.push_back({"key", MonitorKey(), "stolen", kIssued});
       },
       false},
      {"revoked_since",
       [&](TrustRoot& root) {
         root.revocations.push_back({"key", MonitorKey(), "stolen", kIssued + 1});
       },
       true},
  };
  const TrustRoot root = input_.root;
  for (const auto& row : kRows) {
    input_.root = root;
    ASSERT_EQ(input_.root.monitors[0].key.KeyId(), MonitorKey());
    row.bend(input_.root);
    const Verdict verdict = Judge(input_);
    ExpectKnownCodes(verdict);
    if (row.believed) {
      EXPECT_THAT(BrokenRules(verdict), testing::UnorderedElementsAreArray(all_that_it_said))
          << row.name;
      EXPECT_FALSE(verdict.seen.has_value()) << row.name;
    } else {
      EXPECT_TRUE(verdict.proved()) << row.name << Words(verdict);
      // Not forgotten: a root that lists it again would heed it.
      EXPECT_EQ(verdict.seen.value().said, input_.seen.said) << row.name;
    }
  }
}

// Else a thief of a monitor's key would hide, by a fresh status, whatever was withdrawn since.
TEST_F(SaidBefore, AMonitorWhoseKeyAnotherHasRevokedSaysNothingAnyMore) {
  const std::string other = maker_.Key("monitor-1").public_key().KeyId();
  Remember([&](FarmStatus& status) {
    status.revoked_keys = {{other, "stolen", std::nullopt}};
    ++status.root_version;
  });
  input_.status = silent_;
  const Verdict verdict = Judge(input_);
  ExpectKnownCodes(verdict);
  EXPECT_EQ(verdict.exit, ExitCode::kRevoked) << Words(verdict);
  EXPECT_EQ(BrokenRules(verdict), (std::vector<std::string>{"status", "withdrawn"}));
}

// Who of them is the thief the root says; until then no word of any of them is lost, whatever it is
// that another has revoked: the key, the time stamp authority, the log.
TEST_F(SaidBefore, WhatAMonitorSaysIsRememberedWhateverAnotherHasRevoked) {
  const std::string other = maker_.Key("monitor-1").public_key().KeyId();
  for (const std::string& key :
       {other, maker_.Key("tsa").public_key().KeyId(), maker_.Key("log").public_key().KeyId()}) {
    input_ = Input();
    Remember([&](FarmStatus& status) {
      status.revoked_keys = {{key, "stolen", kIssued + 1}};
      ++status.root_version;
    });
    FarmStatus status = maker_.Status(kIssued + 10);
    status.monitor = "monitor-1";
    status.withdrawn = {{Release(), "hello", "1.0", "it eats files", "auditor-0", kIssued - 1}};
    status.revoked_keys = {{MonitorKey(), "stolen", std::nullopt}};  // so says perhaps the thief
    ++status.root_version;
    const SeenStatuses before = input_.seen;
    input_.status = maker_.StatusLine(status);
    const Verdict verdict = Judge(input_);
    ExpectKnownCodes(verdict);
    EXPECT_EQ(BrokenRules(verdict), (std::vector<std::string>{"status", "withdrawn"})) << key;
    ASSERT_TRUE(verdict.seen.has_value()) << key;
    EXPECT_EQ(verdict.seen->logs, before.logs);
    ASSERT_EQ(verdict.seen->said.size(), 2u);
    EXPECT_EQ(verdict.seen->said[1],
              (SaidByStatus{other, kIssued + 10, {Release()}, {}, {}, status.root_version}));
    // The root's own word on that key is another thing.
    input_.root.revocations = {{"key", key, "stolen", kIssued + 1}};
    EXPECT_FALSE(Judge(input_).seen.has_value()) << key;
    // Nor is anything remembered of one that is wrong by itself.
    input_.root.revocations.clear();
    input_.status->timestamp.reset();
    EXPECT_FALSE(Judge(input_).seen.has_value()) << key;
  }
}

TEST_F(StatusVerdict, IsRememberedOnlyByARootThatIsTaken) {
  const struct {
    std::string name;
    std::function<void(VerdictInput&)> bend;
    ExitCode exit;
    bool remembered;
  } kRows[] = {
      {"the_newest_root", [](VerdictInput& i) { i.newest_root_version = i.root.version; },
       ExitCode::kProved, true},
      {"another_root_of_its_version",
       [](VerdictInput& i) {
         i.newest_root_version = i.root.version;
         i.newest_root = Sha256("another");
       },
       ExitCode::kRollback, false},
      {"an_older_root", [](VerdictInput& i) { i.newest_root_version = i.root.version + 1; },
       ExitCode::kRollback, false},
      {"an_older_root_allowed",
       [](VerdictInput& i) {
         i.newest_root_version = i.root.version + 1;
         i.allow_older = true;
       },
       ExitCode::kProved, false},
      {"development_not_allowed", [](VerdictInput& i) { i.allow_development_root = false; },
       ExitCode::kJurisdiction, false},
      {"development_refused", [](VerdictInput& i) { i.policy.refuse_development_root = true; },
       ExitCode::kJurisdiction, false},
  };
  for (const auto& row : kRows) {
    VerdictInput input = Input();
    input.status = maker_.StatusLine(status_);
    row.bend(input);
    const Verdict verdict = Judge(input);
    EXPECT_EQ(verdict.exit, row.exit) << row.name << Words(verdict);
    EXPECT_EQ(verdict.seen.has_value(), row.remembered) << row.name;
  }
}

// ---- certifiers ---------------------------------------------------------------------------------

class Certified : public StatusVerdict {
 protected:
  Bundle LocationLine(const std::function<void(SiteLocation&, LineDraft&)>& bend, int site) {
    SiteLocation location = maker_.Location(site);
    LineDraft draft = maker_.Draft(location, "certifier-0", kMade + 50);
    bend(location, draft);
    draft.statement = location;
    return maker_.MakeLine(draft);
  }
  VerdictInput CertifiedInput() {
    const auto as_it_is = [](SiteLocation&, LineDraft&) {};
    VerdictInput input = maker_.Input(made_);
    input.policy.certified_countries = true;
    for (int i = 0; i < 3; ++i) input.certifications.push_back(LocationLine(as_it_is, i));
    return input;
  }
};

TEST_F(Certified, EverySiteStandsWhereSomebodySaysItDoes) {
  VerdictInput input = CertifiedInput();
  EXPECT_TRUE(Judge(input).proved()) << Words(Judge(input));
  EXPECT_EQ(RuleOf(Judge(input), "certifiers").found, "XA XB XC");
  input.certifications.push_back(made_.lines[kRequestLine]);  // what is none of them is passed over
  EXPECT_TRUE(Judge(input).proved());
  input.certifications.erase(input.certifications.begin() + 1);
  EXPECT_EQ(BrokenRules(Judge(input)), std::vector<std::string>{"certifiers"});
  EXPECT_EQ(Judge(input).exit, ExitCode::kJurisdiction);
  EXPECT_THAT(RuleOf(Judge(input), "certifiers").found, testing::HasSubstr("site/1"));
  input.policy.certified_countries = false;
  EXPECT_TRUE(Judge(input).proved());
}

// The operator's CA may issue a leaf for any key: also for one that the root lists for somebody who
// is to vouch for him.
TEST_F(Certified, WhoHasSignedForASiteVouchesForNone) {
  made_ = maker_.Make([](LineDraft& draft) {
    if (draft.party == "site-1") draft.party = "certifier-0";
  });
  VerdictInput input = CertifiedInput();
  EXPECT_EQ(BrokenRules(Judge(input)), std::vector<std::string>{"certifiers"});
  EXPECT_EQ(Judge(input).exit, ExitCode::kJurisdiction);
  EXPECT_THAT(RuleOf(Judge(input), "certifiers").found,
              testing::HasSubstr("its key has also signed for a site"));
  input.policy.certified_countries = false;
  EXPECT_TRUE(Judge(input).proved()) << Words(Judge(input));
}

TEST_F(Certified, AStatementCountsOnlyForWhatItSays) {
  using Bend = std::function<void(SiteLocation&, LineDraft&)>;
  const UnixSeconds built = kMade + 300;
  const std::pair<std::string, Bend> kRows[] = {
      {"another_site", [](SiteLocation& l, LineDraft&) { l.builder = EvidenceMaker::SiteId(1); }},
      {"another_operator", [](SiteLocation& l, LineDraft&) { l.operator_id = "operator-1"; }},
      {"another_country", [](SiteLocation& l, LineDraft&) { l.country = "XB"; }},
      {"later", [&](SiteLocation& l, LineDraft&) { l.start = built + 1; }},
      {"earlier", [&](SiteLocation& l, LineDraft&) { l.end = built - 1; }},
      {"by_a_monitor", [](SiteLocation&, LineDraft& d) { d.party = "monitor-0"; }},
      {"by_a_monitor_who_says_so",
       [](SiteLocation& l, LineDraft& d) { l.certifier = d.party = "monitor-0"; }},
      {"in_another_name", [](SiteLocation& l, LineDraft&) { l.certifier = "certifier-1"; }},
      {"not_stamped", [](SiteLocation&, LineDraft& d) { d.stamped = false; }},
      {"not_logged", [](SiteLocation&, LineDraft& d) { d.logged = false; }},
      {"not_witnessed", [](SiteLocation&, LineDraft& d) { d.witnesses = {0}; }},
  };
  VerdictInput input = CertifiedInput();
  for (const auto& [name, bend] : kRows) {
    input.certifications[0] = LocationLine(bend, 0);
    EXPECT_EQ(BrokenRules(Judge(input)), std::vector<std::string>{"certifiers"}) << name;
    EXPECT_EQ(Judge(input).exit, ExitCode::kJurisdiction) << name;
  }
  for (const Bend& bend : {Bend([&](SiteLocation&l, LineDraft&) { l.start = built; }),
                           Bend([&](SiteLocation&l, LineDraft&) { l.end = built; })}) {
    input.certifications[0] = LocationLine(bend, 0);
    EXPECT_TRUE(Judge(input).proved()) << Words(Judge(input));
  }
}

TEST_F(Certified, ByACertifierOfThatTime) {
  VerdictInput input = CertifiedInput();
  const TrustRoot good = input.root;
  input.root.certifiers[0].valid_for.end = kMade + 49;
  EXPECT_EQ(Judge(input).exit, ExitCode::kJurisdiction);
  input.root = good;
  input.root.revocations.push_back({"key", good.certifiers[0].key.KeyId(), "stolen", kMade + 50});
  EXPECT_EQ(Judge(input).exit, ExitCode::kJurisdiction);
  input.root = good;
  input.root.certifiers[0].valid_for.end = kMade + 50;
  EXPECT_TRUE(Judge(input).proved()) << Words(Judge(input));
}

}  // namespace
}  // namespace farm
