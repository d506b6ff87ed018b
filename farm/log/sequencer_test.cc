#include "farm/log/sequencer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <numeric>
#include <thread>

#include "farm/evidence/merkle.h"
#include "tests/support/crash_files.h"
#include "tests/support/fake_witness.h"

namespace farm {
namespace {

constexpr char kOrigin[] = "log.farm.example";

class SequencerTest : public ::testing::Test {
 protected:
  void OpenLog(FileSystem& files) {
    sequencer_.reset();
    log_.reset();
    auto log = TileLog::Open(files, temporary_.path() + "/log",
                             {kOrigin,
                              {0, 0, [](const std::string&) -> Result<std::uint64_t> { return 1; }},
                              [this](const Error&) { ++stopped_; }});
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
  }
  SequencerOptions Options(std::chrono::milliseconds answer_within) {
    SequencerOptions options;
    options.key = NewMemorySigner(key_);
    options.ecdsa_key = NewMemorySigner(ecdsa_key_);
    options.answer_within = answer_within;
    options.retry_after = std::chrono::milliseconds(1);
    return options;
  }
  void Start(std::size_t needed, std::chrono::milliseconds answer_within = kLong) {
    StartWith({first_.Configured(), second_.Configured()}, needed, answer_within);
  }
  void StartWith(std::vector<ConfiguredWitness> witnesses, std::size_t needed,
                 std::chrono::milliseconds answer_within = kLong) {
    SequencerOptions options = Options(answer_within);
    options.witnesses = std::move(witnesses);
    options.cosignatures_needed = needed;
    auto sequencer = Sequencer::Start(*log_, std::move(options));
    ASSERT_TRUE(sequencer) << sequencer.error().message;
    sequencer_ = std::move(*sequencer);
  }
  void OpenAndStart(std::size_t needed, std::chrono::milliseconds answer_within = kLong) {
    OpenLog(RealFileSystem());
    Start(needed, answer_within);
  }
  LogTrust Trust(std::size_t needed) {
    return {kOrigin,
            key_.public_key(),
            {first_.Configured().identity, second_.Configured().identity},
            needed};
  }

  static constexpr std::chrono::milliseconds kLong{30000};  // never reached by a good test
  static constexpr std::chrono::milliseconds kShort{50};    // to be reached
  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kEd25519);
  const PrivateKey ecdsa_key_ = PrivateKey::Generate(KeyKind::kP256);
  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  FakeWitness first_{"w1"};
  FakeWitness second_{"w2"};
  std::atomic<int> stopped_{0};
  std::unique_ptr<TileLog> log_;
  std::unique_ptr<Sequencer> sequencer_;
};

TEST_F(SequencerTest, AnswersAWitnessedPlaceAndIsIdempotent) {
  OpenAndStart(2);
  const Placement placement = *sequencer_->Append("leaf");
  EXPECT_EQ(placement.index, 0u);
  auto head = CheckHead(placement.note, Trust(2));
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_TRUE(CheckInclusion(LeafHash("leaf"), placement.index, placement.checkpoint.size,
                             placement.inclusion, head->checkpoint.root));
  const Note note = *ParseNote(placement.note);
  EXPECT_TRUE(CheckNoteSignature(note, kOrigin, ecdsa_key_.public_key()));
  EXPECT_EQ(sequencer_->Append("leaf")->index, 0u);
  EXPECT_EQ(sequencer_->Append("second")->index, 1u);
  EXPECT_EQ(sequencer_->Append("leaf")->index, 0u);
  EXPECT_EQ(log_->head().size, 2u);
}

TEST_F(SequencerTest, ManyCallersShareCommitsAndEveryLeafGetsOnePlace) {
  OpenAndStart(1);
  constexpr int kThreads = 8;
  constexpr int kEach = 20;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        // Every leaf is appended by two threads.
        const std::string leaf = std::to_string(t / 2) + "/" + std::to_string(i);
        auto placement = sequencer_->Append(leaf);
        ASSERT_TRUE(placement) << placement.error().message;
        EXPECT_TRUE(CheckInclusion(LeafHash(leaf), placement->index, placement->checkpoint.size,
                                   placement->inclusion, placement->checkpoint.root));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(log_->head().size, static_cast<std::uint64_t>(kThreads / 2 * kEach));
}

TEST_F(SequencerTest, ManyLeavesWithOneWaitGetTheirPlacesInOrder) {
  OpenAndStart(2);
  ASSERT_TRUE(sequencer_->Append("leaf 5"));
  std::vector<std::string> leaves;
  for (int i = 0; i < 700; ++i) leaves.push_back("leaf " + std::to_string(i));
  leaves.push_back("leaf 6");
  auto placements = sequencer_->AppendAll(leaves);
  ASSERT_TRUE(placements) << placements.error().message;
  ASSERT_EQ(placements->size(), leaves.size());
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const Placement& placement = (*placements)[i];
    const std::uint64_t number = i == 700 ? 6 : i;
    ASSERT_EQ(placement.index, number == 5 ? 0 : number < 5 ? number + 1 : number);
    ASSERT_EQ(placement.note, placements->front().note);
    ASSERT_TRUE(CheckInclusion(LeafHash(leaves[i]), placement.index, placement.checkpoint.size,
                               placement.inclusion, placement.checkpoint.root));
  }
  EXPECT_TRUE(CheckHead(placements->front().note, Trust(2)));
  EXPECT_EQ(log_->head().size, 700u);
  EXPECT_EQ(sequencer_->AppendAll(leaves)->back().index, 6u);
  EXPECT_EQ(log_->head().size, 700u);
  EXPECT_TRUE(sequencer_->AppendAll({})->empty());
}

TEST_F(SequencerTest, TakesAllLeavesOfACallOrNone) {
  OpenAndStart(1);
  const auto refused = [&](const std::vector<std::string>& leaves) {
    auto placements = sequencer_->AppendAll(leaves);
    return !placements && placements.error().code == ErrorCode::kLimitExceeded;
  };
  EXPECT_TRUE(refused({"leaf", ""}));
  EXPECT_TRUE(refused({"leaf", std::string(kEntryBytesMax + 1, 'x')}));
  std::vector<std::string> leaves;
  for (std::size_t i = 0; i <= kCommitLeavesMax; ++i) leaves.push_back(std::to_string(i));
  EXPECT_TRUE(refused(leaves));
  std::vector<std::string> large(kPendingBytesMax / kEntryBytesMax + 1,
                                 std::string(kEntryBytesMax, 'x'));
  EXPECT_TRUE(refused(large));
  EXPECT_EQ(log_->head().size, 0u);
  leaves.pop_back();
  EXPECT_EQ(sequencer_->AppendAll(leaves)->back().index, kCommitLeavesMax - 1);
  EXPECT_EQ(sequencer_->Append(std::string(kEntryBytesMax, 'x'))->index, kCommitLeavesMax);
}

TEST_F(SequencerTest, SaysSoWhenTooFewWitnessesAnswerAndGoesOnWhenTheyAreBack) {
  first_.SetDown(true);
  OpenAndStart(2, kShort);
  auto early = sequencer_->Append("leaf");
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().Exit(), ExitCode::kUnavailable);
  EXPECT_NE(early.error().message.find("ask again"), std::string::npos) << early.error().message;
  EXPECT_EQ(log_->published(), "");  // nothing that readers would have to refuse
  first_.SetDown(false);
  sequencer_.reset();
  Start(2);
  EXPECT_EQ(sequencer_->Append("leaf")->index, 0u);
}

TEST_F(SequencerTest, PublishesNoCosignatureOfTheFuture) {
  const UnixSeconds now = SystemClock().Now();
  first_.SetClock(now + 3600);
  OpenAndStart(2, kShort);
  EXPECT_FALSE(sequencer_->Append("leaf"));
  EXPECT_EQ(log_->published(), "");
  first_.SetClock(now);
  sequencer_.reset();
  Start(2);
  EXPECT_EQ(sequencer_->Append("leaf")->index, 0u);
}

TEST_F(SequencerTest, OneWitnessDownIsNoHindranceIfOneIsEnough) {
  first_.SetDown(true);
  OpenAndStart(1);
  auto placement = sequencer_->Append("leaf");
  ASSERT_TRUE(placement) << placement.error().message;
  EXPECT_TRUE(CheckHead(placement->note, Trust(1)));
  EXPECT_FALSE(CheckHead(placement->note, Trust(2)));
}

TEST_F(SequencerTest, AWitnessWhoseAnswerWasLostIsAskedAgainFromWhereItIs) {
  OpenAndStart(2);
  ASSERT_TRUE(sequencer_->Append("first"));
  first_.LoseNextAnswer();
  auto placement = sequencer_->Append("second");
  ASSERT_TRUE(placement) << placement.error().message;
  EXPECT_TRUE(CheckHead(placement->note, Trust(2)));
}

TEST_F(SequencerTest, AHeadThatWasNeverPublishedIsPublishedAfterTheRestart) {
  OpenLog(RealFileSystem());
  ASSERT_TRUE(log_->Commit({"leaf"}));  // and the power went
  Start(2);
  EXPECT_EQ(sequencer_->Append("leaf")->index, 0u);
  EXPECT_EQ(log_->head().size, 1u);
}

TEST_F(SequencerTest, DivergesWhenAWitnessProvesThatItHasSeenMore) {
  OpenAndStart(1);
  ASSERT_TRUE(sequencer_->Append("first"));
  EXPECT_TRUE(sequencer_->health());
  second_.HasSeen({kOrigin, 7, LeafHash("a longer history")}, key_);
  auto refused = sequencer_->Append("second");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kLogProof);
  EXPECT_NE(refused.error().message.find("log diverged"), std::string::npos);
  EXPECT_FALSE(sequencer_->health());
  EXPECT_FALSE(sequencer_->Append("third"));
  EXPECT_EQ(sequencer_->Append("first")->index, 0u);  // old answers stay
}

TEST_F(SequencerTest, DivergesWhenAWitnessProvesAnotherHistory) {
  OpenAndStart(1);
  ASSERT_TRUE(sequencer_->Append("first"));
  first_.HasSeen({kOrigin, 1, LeafHash("another first")}, key_);
  auto refused = sequencer_->Append("second");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kLogProof);
}

TEST_F(SequencerTest, HasDivergedAfterARestartTooAndKeepsTheEvidence) {
  OpenAndStart(1);
  ASSERT_TRUE(sequencer_->Append("first"));
  second_.HasSeen({kOrigin, 7, LeafHash("a longer history")}, key_);
  const std::string evidence = second_.latest();
  ASSERT_FALSE(sequencer_->Append("second"));
  second_.Pretend(log_->head());  // it has forgotten, or another stands in its place
  sequencer_.reset();
  EXPECT_EQ(*ReadFile(temporary_.path() + "/log/diverged", kNoteBytesMax), evidence);
  const int asked = first_.asked() + second_.asked();
  OpenAndStart(1);
  auto refused = sequencer_->Append("third");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kLogProof);
  EXPECT_FALSE(sequencer_->health());
  EXPECT_EQ(sequencer_->Append("first")->index, 0u);
  EXPECT_EQ(first_.asked() + second_.asked(), asked);  // it has signed nothing
}

// A witness alone, or somebody on the way to it, must not end a log for good; as long as it says so
// the log must not go on either, for it may be true.
TEST_F(SequencerTest, WaitsAsLongAsAWitnessClaimsMoreWithoutProof) {
  OpenAndStart(1);
  ASSERT_TRUE(sequencer_->Append("first"));
  const auto waits = [&](const char* why) {
    auto refused = sequencer_->Append(why);
    ASSERT_FALSE(refused) << why;
    EXPECT_EQ(refused.error().Exit(), ExitCode::kUnavailable) << why;
    EXPECT_NE(refused.error().message.find("waits"), std::string::npos) << refused.error().message;
    EXPECT_TRUE(sequencer_->health()) << why;
    EXPECT_EQ(log_->diverged(), "") << why;
  };
  second_.Pretend({kOrigin, 7, LeafHash("a longer history")});
  waits("no checkpoint at all");
  const Checkpoint head = log_->head();
  EXPECT_LE(ParseCheckpoint(ParseNote(log_->published())->text)->size, head.size);
  const std::string published = log_->published();
  second_.HasSeen({kOrigin, 7, LeafHash("a longer history")},
                  PrivateKey::Generate(KeyKind::kEd25519));
  waits("a checkpoint that this log has not signed");
  second_.RefuseLatest(503);
  waits("no answer");
  second_.RefuseLatest(0);
  EXPECT_EQ(log_->head().size, head.size);
  EXPECT_EQ(log_->published(), published);
  second_.Pretend(*ParseCheckpoint(ParseNote(published)->text));  // it says what is true again
  auto placement = sequencer_->Append("after");
  const auto deadline = std::chrono::steady_clock::now() + kLong;
  while (!placement && std::chrono::steady_clock::now() < deadline) {
    placement = sequencer_->Append("after");
  }
  ASSERT_TRUE(placement) << placement.error().message;
}

TEST_F(SequencerTest, WhatIsNoAnswerOfAWitnessIsNotBelieved) {
  struct Row {
    const char* name;
    HttpReply reply;
  };
  const Row rows[] = {
      {"size_of_another_type", {409, "text/plain", "7\n", false}},
      {"size_without_newline", {409, "text/x.tlog.size", "7", false}},
      {"no_size", {409, "text/x.tlog.size", "\n", false}},
      {"size_with_leading_zero", {409, "text/x.tlog.size", "07\n", false}},
      {"page_of_a_proxy", {409, "text/html", "<html>conflict</html>", false}},
      {"does_not_know_the_log", {404, "text/plain", "unknown log", false}},
      {"does_not_know_the_key", {403, "text/plain", "unknown key", false}},
      {"is_ill", {500, "text/plain", "stopped", false}},
      {"nonsense", {200, "text/plain", "nonsense", false}},
  };
  for (const Row& row : rows) {
    OpenLog(RealFileSystem());
    ConfiguredWitness strange = second_.Configured();
    strange.post = [&row](const std::string&) -> Result<HttpReply> { return row.reply; };
    StartWith({first_.Configured(), strange}, 1);
    auto placement = sequencer_->Append(row.name);
    ASSERT_TRUE(placement) << row.name << ": " << placement.error().message;
    EXPECT_TRUE(sequencer_->health()) << row.name;
  }
}

TEST_F(SequencerTest, ALogOlderThanItsWitnessesCommitsAndSignsNothing) {
  const std::string directory = temporary_.path() + "/log";
  const std::string backup = temporary_.path() + "/backup";
  OpenAndStart(2);
  ASSERT_TRUE(sequencer_->Append("first"));
  sequencer_.reset();
  log_.reset();
  std::filesystem::copy(directory, backup, std::filesystem::copy_options::recursive);
  OpenAndStart(2);
  ASSERT_TRUE(sequencer_->Append("second"));
  sequencer_.reset();
  log_.reset();
  ASSERT_TRUE(RemoveTree(directory));
  std::filesystem::rename(backup, directory);
  OpenLog(RealFileSystem());
  std::vector<std::uint64_t> signed_sizes;
  const auto watched = [&](FakeWitness& witness) {
    ConfiguredWitness configured = witness.Configured();
    configured.post = [&signed_sizes, &witness](const std::string& body) -> Result<HttpReply> {
      signed_sizes.push_back(
          ParseCheckpoint(ParseNote(ParseAddCheckpoint(body)->note)->text)->size);
      return witness.Handle(body);
    };
    return configured;
  };
  StartWith({watched(first_)}, 1);
  auto refused = sequencer_->Append("another second");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kLogProof) << refused.error().message;
  EXPECT_EQ(log_->head().size, 1u);
  sequencer_.reset();
  for (const std::uint64_t size : signed_sizes) EXPECT_EQ(size, 1u);
}

TEST_F(SequencerTest, AQuorumOfGroupsIsMetByTheRightWitnesses) {
  const auto known = [](FakeWitness& witness) -> TlogPolicy::KnownWitness {
    const WitnessKey identity = witness.Configured().identity;
    return {"policy-" + identity.name, {identity.name, identity.key}, ""};
  };
  FakeWitness third{"w3"};
  TlogPolicy policy;
  policy.witnesses = {known(first_), known(second_), known(third)};
  policy.groups = {{"any-two", 1, {"policy-w1", "policy-w2"}},
                   {"both", 2, {"any-two", "policy-w3"}}};
  policy.quorum = "both";
  OpenLog(RealFileSystem());
  const auto start = [&](std::chrono::milliseconds within) {
    SequencerOptions options = Options(within);
    options.witnesses = {first_.Configured(), second_.Configured(), third.Configured()};
    options.quorum = policy;
    sequencer_ = *Sequencer::Start(*log_, std::move(options));
  };
  third.SetDown(true);
  start(kShort);
  EXPECT_EQ(sequencer_->Append("leaf").error().Exit(), ExitCode::kUnavailable);  // two, not these
  sequencer_.reset();
  third.SetDown(false);
  second_.SetDown(true);
  start(kLong);
  auto placement = sequencer_->Append("leaf");
  ASSERT_TRUE(placement) << placement.error().message;
  EXPECT_TRUE(CheckUnderPolicy(*ParseNote(placement->note), [&] {
    TlogPolicy with_log = policy;
    with_log.logs = {{{kOrigin, key_.public_key()}, ""}};
    return with_log;
  }()));
  // Who is asked must be who is counted.
  SequencerOptions others = Options(kShort);
  others.witnesses = {second_.Configured(), first_.Configured(), third.Configured()};
  others.quorum = policy;
  sequencer_.reset();
  EXPECT_FALSE(Sequencer::Start(*log_, std::move(others)));
}

TEST_F(SequencerTest, StopsAfterAFailedSync) {
  CrashFiles files;
  OpenLog(files);
  Start(1);
  ASSERT_TRUE(sequencer_->Append("first"));
  files.DieAfter(3, false);
  auto failed = sequencer_->Append("second");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().Exit(), ExitCode::kUnavailable);
  EXPECT_EQ(stopped_, 1);
  EXPECT_FALSE(sequencer_->health());
  ASSERT_FALSE(sequencer_->Append("third"));
  EXPECT_EQ(sequencer_->Append("first")->index, 0u);
}

// Whichever file of a commit finds no room: what was answered stays, nobody is shown a part of the
// next entry, and the log that is started again takes it.
TEST_F(SequencerTest, AFullDiskStopsItAndItGoesOnWhenStartedAgain) {
  CrashFiles files;
  OpenLog(files);
  Start(1);
  ASSERT_TRUE(sequencer_->Append("leaf 0"));
  const std::string names[] = {"/tile/0/", "/tile/entries/", "/head", "/checkpoint"};  // in order
  std::uint64_t size = 1;
  for (std::size_t i = 0; i < std::size(names); ++i) {
    for (const std::uint64_t part : {0U, 20U}) {  // so much of it has room, besides all before it
      SCOPED_TRACE(names[i] + " " + std::to_string(part));
      const std::string leaf = "leaf " + std::to_string(size);
      const std::uint64_t bytes[] = {32 * (size + 1), (2 + leaf.size()) * (size + 1),
                                     CheckpointText(log_->head()).size()};
      const std::string published = log_->published();
      stopped_ = 0;
      files.FillAfter(std::accumulate(bytes, bytes + i, part));
      const auto placement = sequencer_->Append(leaf);
      ASSERT_FALSE(placement);
      EXPECT_EQ(placement.error().Exit(), ExitCode::kUnavailable);
      for (const std::string& word : {names[i], std::string("No space left")}) {
        EXPECT_NE(placement.error().message.find(word), std::string::npos)
            << placement.error().message;
      }
      EXPECT_EQ(stopped_, 1) << "the program ends";
      EXPECT_FALSE(sequencer_->health());
      EXPECT_EQ(log_->published(), published);
      EXPECT_EQ(*ReadFile(temporary_.path() + "/log/checkpoint", 10'000), published);
      const bool committed = names[i] == "/checkpoint";
      EXPECT_EQ(log_->head().size, committed ? size + 1 : size);
      EXPECT_EQ(log_->Read(TilePath({TileId::kEntries, 0, size + 1})).has_value(), committed);
      EXPECT_EQ(sequencer_->Append("leaf 0")->index, 0u) << "what was answered is answered again";
      files.Revive();
      EXPECT_FALSE(sequencer_->Append(leaf)) << "never retried";
      OpenLog(files);
      Start(1);
      const auto again = sequencer_->Append(leaf);
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_EQ(again->index, size);
      EXPECT_EQ(sequencer_->Append("leaf 0")->index, 0u);
      ++size;
    }
  }
  sequencer_.reset();
  log_.reset();
}

TEST_F(SequencerTest, WakesItsCallersWhenItShutsDown) {
  first_.SetDown(true);
  second_.SetDown(true);
  OpenAndStart(2);
  std::thread caller([&] {
    auto placement = sequencer_->Append("leaf");
    ASSERT_FALSE(placement);
    EXPECT_EQ(placement.error().Exit(), ExitCode::kUnavailable);
  });
  while (first_.asked() == 0) std::this_thread::yield();
  sequencer_->Shutdown();
  caller.join();
}

TEST_F(SequencerTest, WantsTheRightKeysAndEnoughWitnesses) {
  OpenLog(RealFileSystem());
  SequencerOptions swapped;
  swapped.key = NewMemorySigner(ecdsa_key_);
  swapped.ecdsa_key = NewMemorySigner(key_);
  EXPECT_FALSE(Sequencer::Start(*log_, std::move(swapped)));
  SequencerOptions too_few;
  too_few.key = NewMemorySigner(key_);
  too_few.ecdsa_key = NewMemorySigner(ecdsa_key_);
  too_few.witnesses = {first_.Configured()};
  too_few.cosignatures_needed = 2;
  EXPECT_FALSE(Sequencer::Start(*log_, std::move(too_few)));
}

}  // namespace
}  // namespace farm
