#include "farm/log/recover.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "farm/base/file_lock.h"
#include "farm/evidence/merkle.h"
#include "farm/log/mirror.h"
#include "tests/support/crash_files.h"
#include "tests/support/live_log.h"

namespace farm {
namespace {

class RecoverTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return temporary_.path() + "/" + name; }
  void Mirror() {
    const auto report = MirrorLog(RealFileSystem(), Path("mirror"),
                                  *OpenLogSource(live_.directory()), live_.check(), {});
    ASSERT_TRUE(report) << report.error().message;
  }
  Recovery Plan() {
    Recovery recovery;
    recovery.mirror = Path("mirror");
    recovery.store = live_.directory();
    recovery.check = live_.check();
    for (FakeWitness* witness : {&live_.first(), &live_.second()}) {
      const ConfiguredWitness configured = witness->Configured();
      recovery.witnesses.push_back({configured.identity, configured.post});
    }
    return recovery;
  }
  Result<RecoveryReport> Recover() { return RecoverLogFromMirror(RealFileSystem(), Plan()); }
  void Backup() {
    live_.Stop();
    std::filesystem::copy(live_.directory(), Path("backup"),
                          std::filesystem::copy_options::recursive);
  }
  void RestoreBackup() {
    live_.Stop();
    ASSERT_TRUE(RemoveTree(live_.directory()));
    std::filesystem::copy(Path("backup"), live_.directory(),
                          std::filesystem::copy_options::recursive);
  }
  // The log goes on from `size` entries and has all of them.
  void ExpectGoesOn(std::uint64_t size) {
    ASSERT_TRUE(live_.Start());
    EXPECT_EQ(live_.log().head().size, size);
    const auto old = live_.Append(0, size);
    ASSERT_TRUE(old) << old.error().message;
    for (std::uint64_t i = 0; i < size; ++i) ASSERT_EQ((*old)[i].index, i);
    const auto more = live_.Append(size, size + 3);
    ASSERT_TRUE(more) << more.error().message;
    EXPECT_EQ(more->front().index, size);
    live_.Stop();
    const auto whole = RequireWholeLog(live_.directory(), live_.check(), {});
    ASSERT_TRUE(whole) << whole.error().message;
    EXPECT_EQ(whole->payloads, size + 3);
  }
  void ExpectRefused(const Result<RecoveryReport>& refused, const std::string& says) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().Exit(), ExitCode::kLogProof) << refused.error().message;
    EXPECT_NE(refused.error().message.find(says), std::string::npos) << refused.error().message;
    EXPECT_FALSE(FileExists(live_.directory() + ".before-recovery"));
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make(PlaceInMemory());
  LiveLog live_{Path("log")};
};

TEST_F(RecoverTest, ALostLogComesBackFromAMirror) {
  ASSERT_TRUE(live_.Append(0, 300));
  Mirror();
  live_.Stop();
  ASSERT_TRUE(RemoveTree(live_.directory()));
  const auto report = Recover();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->tree.size, 300u);
  EXPECT_EQ(report->kept, "");
  EXPECT_EQ(report->asked, (std::vector<std::string>{"w1", "w2"}));
  ExpectGoesOn(300);
}

TEST_F(RecoverTest, IsTheWayOutOfADivergedLog) {
  ASSERT_TRUE(live_.Append(0, 10));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), live_.directory() + "/epochs.json", "{}"));
  Backup();
  ASSERT_TRUE(live_.Append(10, 270));
  Mirror();
  RestoreBackup();
  ASSERT_TRUE(live_.Start());
  const auto diverged = live_.Append(270, 271);
  ASSERT_FALSE(diverged);
  EXPECT_EQ(diverged.error().Exit(), ExitCode::kLogProof);
  EXPECT_EQ(live_.log().head().size, 10u);
  live_.Stop();
  EXPECT_TRUE(FileExists(live_.directory() + "/diverged"));
  const auto report = Recover();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->tree.size, 270u);
  EXPECT_EQ(report->old_size, 10u);
  EXPECT_TRUE(report->epochs_kept);
  EXPECT_FALSE(FileExists(live_.directory() + "/diverged"));
  EXPECT_TRUE(FileExists(report->kept + "/diverged"));  // evidence
  EXPECT_EQ(*ReadFile(live_.directory() + "/epochs.json", 100), "{}");
  ExpectGoesOn(270);
}

TEST_F(RecoverTest, NeverGoesBehindWhatAWitnessHasCosigned) {
  ASSERT_TRUE(live_.Append(0, 10));
  Mirror();
  ASSERT_TRUE(live_.Append(10, 11));
  live_.Stop();
  ASSERT_TRUE(RemoveTree(live_.directory()));
  ExpectRefused(Recover(), "w1 has cosigned size 11, this mirror has only 10");
  EXPECT_FALSE(FileExists(live_.directory()));
  // One witness is enough to refuse.
  live_.first().Pretend(
      *ParseCheckpoint(ParseNote(*ReadFile(Path("mirror/checkpoint"), kNoteBytesMax))->text));
  ExpectRefused(Recover(), "w2 has cosigned size 11");
}

TEST_F(RecoverTest, AWitnessThatIsBehindIsBroughtAlong) {
  ASSERT_TRUE(live_.Append(0, 10));
  Mirror();
  live_.first().Pretend({LiveLog::kOrigin, 0, EmptyTreeRoot()});
  const auto report = Recover();
  EXPECT_FALSE(report);  // the log runs
  live_.Stop();
  ASSERT_TRUE(Recover());
  EXPECT_EQ(live_.first().seen_size(), 10u);
  ExpectGoesOn(10);
}

TEST_F(RecoverTest, RefusesAMirrorOfAnotherHistory) {
  ASSERT_TRUE(live_.Append(0, 10));
  Mirror();
  live_.Stop();
  live_.second().Pretend({LiveLog::kOrigin, 4, LeafHash("another history")});
  ExpectRefused(Recover(), "another history");
  live_.second().Pretend({LiveLog::kOrigin, 10, LeafHash("another history")});
  ExpectRefused(Recover(), "another history");
}

TEST_F(RecoverTest, RefusesAMirrorBehindOrBesideTheOldDirectory) {
  ASSERT_TRUE(live_.Append(0, 10));
  Mirror();
  const Checkpoint mirrored =
      *ParseCheckpoint(ParseNote(*ReadFile(Path("mirror/checkpoint"), kNoteBytesMax))->text);
  ASSERT_TRUE(live_.Append(10, 20));
  live_.Stop();
  const auto seen_no_more = [&] {
    live_.first().Pretend(mirrored);
    live_.second().Pretend(mirrored);
  };
  seen_no_more();
  ExpectRefused(Recover(), "checkpoint says that the log has signed size 20");
  const auto note = [&](std::uint64_t size) {
    const std::string text = CheckpointText({LiveLog::kOrigin, size, LeafHash("other")});
    return WriteNote({text, {SignNote(text, LiveLog::kOrigin, live_.key())}});
  };
  ASSERT_TRUE(WriteDurably(RealFileSystem(), live_.directory() + "/checkpoint", note(5)));
  seen_no_more();
  ExpectRefused(Recover(), "checkpoint is of another history");
  ASSERT_TRUE(RealFileSystem().Remove(live_.directory() + "/checkpoint"));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), live_.directory() + "/diverged", note(30)));
  seen_no_more();
  ExpectRefused(Recover(), "diverged says that the log has signed size 30");
  ASSERT_TRUE(WriteDurably(RealFileSystem(), live_.directory() + "/diverged", note(10)));
  seen_no_more();
  ExpectRefused(Recover(), "diverged is of another history");
}

TEST_F(RecoverTest, RefusesADamagedMirrorAndOneOfAnotherLog) {
  ASSERT_TRUE(live_.Append(0, 10));
  Mirror();
  live_.Stop();
  LiveLog stranger(Path("stranger"));
  Recovery others = Plan();
  others.check = stranger.check();
  EXPECT_EQ(RecoverLogFromMirror(RealFileSystem(), others).error().Exit(), ExitCode::kLogProof);
  const std::string bundle = Path("mirror/tile/entries/000.p/10");
  std::string bytes = *ReadFile(bundle, 1 << 20);
  bytes[50] ^= 1;
  ASSERT_TRUE(WriteDurably(RealFileSystem(), bundle, bytes));
  ExpectRefused(Recover(), "tile/entries/000.p/10");
}

TEST_F(RecoverTest, EveryWitnessIsAskedUnlessItIsNamed) {
  ASSERT_TRUE(live_.Append(0, 10));
  Mirror();
  live_.Stop();
  live_.second().SetDown(true);
  EXPECT_EQ(Recover().error().Exit(), ExitCode::kUnavailable);
  Recovery recovery = Plan();
  recovery.absent = {"w3"};
  EXPECT_EQ(RecoverLogFromMirror(RealFileSystem(), recovery).error().Exit(), ExitCode::kUsage);
  recovery.absent = {"w1", "w2"};
  EXPECT_EQ(RecoverLogFromMirror(RealFileSystem(), recovery).error().Exit(), ExitCode::kUsage);
  recovery.absent = {"w2"};
  const auto report = RecoverLogFromMirror(RealFileSystem(), recovery);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->asked, std::vector<std::string>{"w1"});
  recovery.witnesses.clear();
  recovery.absent.clear();
  EXPECT_EQ(RecoverLogFromMirror(RealFileSystem(), recovery).error().Exit(), ExitCode::kUsage);
}

TEST_F(RecoverTest, BelievesNoWitnessWithoutItsSignature) {
  ASSERT_TRUE(live_.Append(0, 10));
  Mirror();
  live_.Stop();
  Recovery recovery = Plan();
  recovery.witnesses[1].identity.key = PrivateKey::Generate(KeyKind::kEd25519).public_key();
  EXPECT_EQ(RecoverLogFromMirror(RealFileSystem(), recovery).error().Exit(), ExitCode::kWitnesses);
}

TEST_F(RecoverTest, TakesNoUrlForAMirror) {
  ASSERT_TRUE(live_.Append(0, 10));
  live_.Stop();
  Recovery recovery = Plan();
  recovery.mirror = "http://127.0.0.1:1/";
  const auto refused = RecoverLogFromMirror(RealFileSystem(), recovery);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kUsage) << refused.error().message;
}

TEST_F(RecoverTest, LeavesALogThatRunsAlone) {
  ASSERT_TRUE(live_.Append(0, 10));
  Mirror();
  EXPECT_EQ(Recover().error().Exit(), ExitCode::kUnavailable);
  EXPECT_TRUE(live_.Append(10, 11));
}

TEST_F(RecoverTest, KeepsTheEvidenceOfAnEarlierRecovery) {
  ASSERT_TRUE(live_.Append(0, 10));
  Mirror();
  live_.Stop();
  ASSERT_TRUE(Recover());
  EXPECT_EQ(Recover().error().Exit(), ExitCode::kUsage);
  std::filesystem::rename(live_.directory() + ".before-recovery", Path("safe"));
  EXPECT_TRUE(Recover());
}

// Whatever of the unsynced operations survives a power cut, or a kill: the log's name has a whole
// log or none, farm-log begins no other, and the next recovery ends.
class RecoverCrash : public RecoverTest {
 protected:
  // Before each recovery: a log of three entries, of none (lost), or what a kill has left of an
  // earlier one.
  enum class Before { kOldLog, kLost, kKilled };
  void Prepare(Before before) {
    live_.Stop();
    for (const std::string& place : {live_.directory(), kept(), fresh()}) {
      ASSERT_TRUE(RemoveTree(place));
    }
    if (before != Before::kLost) RestoreBackup();
    if (before != Before::kKilled) return;
    CrashFiles files;
    files.DieAfter(30, false);
    ASSERT_FALSE(RecoverLogFromMirror(files, Plan()));
    ASSERT_TRUE(FileExists(fresh() + "/payload"));
  }
  void Check(std::uint64_t size) const {
    const auto whole = RequireWholeLog(live_.directory(), check_, {});
    ASSERT_TRUE(whole) << whole.error().message;
    ASSERT_EQ(whole->heads.front().tree.size, size);
  }
  // After the cut.
  void CheckAndGoOn(Before before) {
    const bool moved = FileExists(kept());
    const bool there = FileExists(live_.directory());
    if (there) {
      ASSERT_NO_FATAL_FAILURE(Check(before == Before::kLost || moved ? 5 : 3));
    }
    if (!there && (moved || FileExists(fresh()))) {
      const Status started = live_.Start();
      ASSERT_FALSE(started);
      ASSERT_EQ(started.error().Exit(), ExitCode::kLogProof) << started.error().message;
      ASSERT_FALSE(FileExists(live_.directory()));
      ++none_;
    }
    // Where the crash came after the end, nothing is left to do.
    if (!there || (before != Before::kLost && !moved)) {
      const auto again = Recover();
      ASSERT_TRUE(again) << again.error().message;
    }
    ASSERT_NO_FATAL_FAILURE(Check(5));
    ASSERT_EQ(FileExists(kept() + "/head"), before != Before::kLost);
  }
  std::string kept() const { return live_.directory() + ".before-recovery"; }
  std::string fresh() const { return live_.directory() + ".recovering"; }

  const CheckNote check_ = live_.check();
  int none_ = 0;  // cuts that left no log
};

TEST_F(RecoverCrash, LeavesAWholeLogOrNoneAndEndsWhenItIsCalledAgain) {
  ASSERT_TRUE(live_.Append(0, 3));
  Backup();
  ASSERT_TRUE(live_.Append(3, 5));
  Mirror();
  for (const Before before : {Before::kOldLog, Before::kLost, Before::kKilled}) {
    std::uint64_t operations = 0;
    {
      ASSERT_NO_FATAL_FAILURE(Prepare(before));
      CrashFiles files;
      const auto whole = RecoverLogFromMirror(files, Plan());
      ASSERT_TRUE(whole) << whole.error().message;
      EXPECT_EQ(files.UnsyncedAt({}).count, 0u);
      operations = files.operations();
    }
    EXPECT_GT(operations, 40u);
    none_ = 0;
    const std::size_t tried = TryEveryCut(operations, [&](const Cut& cut) -> Unsynced {
      SCOPED_TRACE(TextOf(cut) + ", before " + std::to_string(static_cast<int>(before)));
      if (HasFatalFailure()) return {};
      Prepare(before);
      CrashFiles files;
      files.DieAfter(cut.operations, false);
      (void)RecoverLogFromMirror(files, Plan());
      const Unsynced unsynced = files.UnsyncedAt(cut.kept);
      EXPECT_TRUE(files.PowerCut(cut.kept));
      CheckAndGoOn(before);
      return unsynced;
    });
    EXPECT_GT(tried, operations);
    EXPECT_GT(none_, 0);
  }
  ASSERT_NO_FATAL_FAILURE(Prepare(Before::kOldLog));
  ASSERT_TRUE(Recover());
  ExpectGoesOn(5);
}

}  // namespace
}  // namespace farm
