// What statuses have said before the one at hand: what is remembered of them, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/status_case.h"

namespace farm {
namespace {

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

}  // namespace
}  // namespace farm
