#include "farm/log/sequencer.h"

#include <gtest/gtest.h>

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
  void Start(std::size_t needed, std::chrono::milliseconds answer_within = kLong) {
    SequencerOptions options;
    options.key = NewMemorySigner(key_);
    options.ecdsa_key = NewMemorySigner(ecdsa_key_);
    options.witnesses = {first_.Configured(), second_.Configured()};
    options.cosignatures_needed = needed;
    options.answer_within = answer_within;
    options.retry_after = std::chrono::milliseconds(1);
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

TEST_F(SequencerTest, DivergesWhenAWitnessHasSeenMore) {
  OpenAndStart(1);
  ASSERT_TRUE(sequencer_->Append("first"));
  EXPECT_TRUE(sequencer_->health());
  second_.Pretend({kOrigin, 7, LeafHash("a longer history")});
  auto refused = sequencer_->Append("second");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kLogProof);
  EXPECT_NE(refused.error().message.find("log diverged"), std::string::npos);
  EXPECT_FALSE(sequencer_->health());
  EXPECT_FALSE(sequencer_->Append("third"));
  EXPECT_EQ(sequencer_->Append("first")->index, 0u);  // old answers stay
}

TEST_F(SequencerTest, DivergesWhenAWitnessHasSeenAnotherHistory) {
  OpenAndStart(1);
  ASSERT_TRUE(sequencer_->Append("first"));
  first_.Pretend({kOrigin, 1, LeafHash("another first")});
  auto refused = sequencer_->Append("second");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kLogProof);
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

TEST_F(SequencerTest, WakesItsCallersWhenItShutsDown) {
  first_.SetDown(true);
  second_.SetDown(true);
  OpenAndStart(2);
  std::thread caller([&] {
    auto placement = sequencer_->Append("leaf");
    ASSERT_FALSE(placement);
    EXPECT_EQ(placement.error().Exit(), ExitCode::kUnavailable);
  });
  while (log_->head().size == 0) std::this_thread::yield();
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
