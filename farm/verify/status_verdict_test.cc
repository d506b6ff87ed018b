// What comes after a release: the monitor's status, one row a rule, as in verdict_test.cc.  Take a
// rule out and its row fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/status_case.h"

namespace farm {
namespace {

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

}  // namespace
}  // namespace farm
