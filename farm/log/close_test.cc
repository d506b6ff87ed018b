#include "farm/log/close.h"

#include <gtest/gtest.h>

#include <thread>

#include "farm/crypto/hash.h"
#include "farm/evidence/merkle.h"
#include "farm/log/mirror.h"
#include "farm/log/recover.h"
#include "tests/support/crash_files.h"
#include "tests/support/live_log.h"

namespace farm {
namespace {

constexpr char kNext[] = "log2.farm.example";

class CloseTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return temporary_.path() + "/" + name; }
  Closing Plan() {
    Closing closing;
    closing.store = live_.directory();
    closing.successor = kNext;
    closing.check = live_.check();
    for (FakeWitness* witness : {&live_.first(), &live_.second()}) {
      const ConfiguredWitness configured = witness->Configured();
      closing.witnesses.push_back({configured.identity, configured.post});
    }
    return closing;
  }
  Result<ClosingReport> Close() { return CloseLog(RealFileSystem(), Plan()); }
  void ExpectRefused(const Closing& closing, ExitCode exit, const std::string& says) {
    const auto refused = CloseLog(RealFileSystem(), closing);
    ASSERT_FALSE(refused) << says;
    EXPECT_EQ(refused.error().Exit(), exit) << refused.error().message;
    EXPECT_NE(refused.error().message.find(says), std::string::npos) << refused.error().message;
    EXPECT_EQ(*ReadSuccessor(live_.directory()), "");
  }
  // What it has is proved; nothing new is taken, nor kept.
  void ExpectIsClosed(std::uint64_t size) {
    ASSERT_TRUE(live_.Start());
    const auto old = live_.Append(0, size);
    ASSERT_TRUE(old) << old.error().message;
    EXPECT_EQ(old->back().checkpoint.size, size);
    const auto more = live_.sequencer().Append(LiveLog::Leaf(size));
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().Exit(), ExitCode::kUnavailable);
    EXPECT_NE(
        more.error().message.find(std::string("is closed and takes no new entries; ") + kNext),
        std::string::npos)
        << more.error().message;
    const std::string pae = LiveLog::Pae(size);
    EXPECT_FALSE(live_.log().PutPayload(Sha256(pae), pae));
    EXPECT_FALSE(live_.log().Read("payload/" + Sha256(pae).Hex()));
    EXPECT_EQ(live_.log().head().size, size);
    live_.Stop();
    EXPECT_TRUE(RequireWholeLog(live_.directory(), live_.check(), {}));
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make(PlaceInMemory());
  LiveLog live_{Path("log")};
};

TEST_F(CloseTest, ALogEndsWhereItStands) {
  ASSERT_TRUE(live_.Append(0, 300));
  const Checkpoint head = live_.log().head();
  live_.Stop();
  const auto report = Close();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->tree.size, 300u);
  EXPECT_EQ(report->tree.root, head.root);
  EXPECT_EQ(report->asked, (std::vector<std::string>{"w1", "w2"}));
  EXPECT_EQ(live_.check()(report->note)->root, head.root);
  ExpectIsClosed(300);
  const auto again = Close();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->tree.root, head.root);
  Closing other = Plan();
  other.successor = "log3.farm.example";
  const auto refused = CloseLog(RealFileSystem(), other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kUsage);
  EXPECT_EQ(*ReadSuccessor(live_.directory()), kNext);
  ExpectIsClosed(300);
}

TEST_F(CloseTest, ALogThatRunsIsLeftAlone) {
  ASSERT_TRUE(live_.Append(0, 10));
  ExpectRefused(Plan(), ExitCode::kUnavailable, "stop it first");
  EXPECT_TRUE(live_.Append(10, 11));
}

TEST_F(CloseTest, IsRefusedWithoutAnotherLog) {
  ASSERT_TRUE(live_.Append(0, 10));
  live_.Stop();
  for (const char* name : {"", LiveLog::kOrigin, "two\nlines"}) {
    Closing closing = Plan();
    closing.successor = name;
    ExpectRefused(closing, ExitCode::kUsage, "want the origin of another log");
  }
  Closing closing = Plan();
  closing.check = nullptr;
  ExpectRefused(closing, ExitCode::kUsage, "whose log");
}

TEST_F(CloseTest, EveryWitnessIsAskedUnlessItIsNamed) {
  ASSERT_TRUE(live_.Append(0, 10));
  live_.Stop();
  live_.second().SetDown(true);
  Closing closing = Plan();
  EXPECT_EQ(CloseLog(RealFileSystem(), closing).error().Exit(), ExitCode::kUnavailable);
  closing.absent = {"w1", "w2"};
  ExpectRefused(closing, ExitCode::kUsage, "one at least must be asked");
  closing.absent = {"w2"};
  const auto report = CloseLog(RealFileSystem(), closing);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->asked, std::vector<std::string>{"w1"});
}

TEST_F(CloseTest, ALogThatWasSetBackIsNotClosed) {
  ASSERT_TRUE(live_.Append(0, 10));
  live_.Stop();
  live_.first().Pretend({LiveLog::kOrigin, 11, LeafHash("more")});
  ExpectRefused(Plan(), ExitCode::kLogProof,
                "not closed: witness w1 has cosigned size 11, this log has only 10");
  live_.first().Pretend({LiveLog::kOrigin, 10, LeafHash("another history")});
  ExpectRefused(Plan(), ExitCode::kLogProof, "another history than this log");
}

TEST_F(CloseTest, ADamagedOrDivergedLogIsNotClosed) {
  ASSERT_TRUE(live_.Append(0, 10));
  live_.Stop();
  ASSERT_TRUE(WriteDurably(RealFileSystem(), live_.directory() + "/diverged", "a note"));
  ExpectRefused(Plan(), ExitCode::kLogProof, "log diverged");
  ASSERT_TRUE(RealFileSystem().Remove(live_.directory() + "/diverged"));
  const std::string bundle = live_.directory() + "/tile/entries/000.p/10";
  std::string bytes = *ReadFile(bundle, 1 << 20);
  bytes[50] ^= 1;
  ASSERT_TRUE(WriteDurably(RealFileSystem(), bundle, bytes));
  ExpectRefused(Plan(), ExitCode::kLogProof, "tile/entries/000.p/10");
}

TEST_F(CloseTest, WhatIsNotPublishedIsPublishedFirst) {
  ASSERT_TRUE(live_.Append(0, 3));
  live_.second().SetDown(true);
  std::thread waits([&] { (void)live_.sequencer().Append(LiveLog::Leaf(3)); });
  const std::string pae = LiveLog::Pae(3);
  EXPECT_TRUE(live_.log().PutPayload(Sha256(pae), pae));
  while (live_.log().head().size == 3) std::this_thread::yield();
  live_.sequencer().Shutdown();
  waits.join();
  live_.Stop();
  live_.second().SetDown(false);
  ExpectRefused(Plan(), ExitCode::kUnavailable, "has 4 entries and has published 3");
  ASSERT_TRUE(live_.Append(0, 4));
  live_.Stop();
  EXPECT_EQ(Close()->tree.size, 4u);
}

TEST_F(CloseTest, StaysClosedWhenItIsRecovered) {
  ASSERT_TRUE(live_.Append(0, 10));
  live_.Stop();
  ASSERT_TRUE(Close());
  ASSERT_TRUE(MirrorLog(RealFileSystem(), Path("mirror"), *OpenLogSource(live_.directory()),
                        live_.check(), {}));
  const Closing closing = Plan();
  ASSERT_TRUE(RecoverLogFromMirror(
      RealFileSystem(), {Path("mirror"), closing.store, closing.check, closing.witnesses, {}, {}}));
  ExpectIsClosed(10);
}

TEST_F(CloseTest, RefusesADirectoryWhoseMarkIsDamaged) {
  ASSERT_TRUE(live_.Append(0, 10));
  live_.Stop();
  for (const char* mark : {"", "\n", "log2", "log2\nlog3\n"}) {
    ASSERT_TRUE(WriteDurably(RealFileSystem(), live_.directory() + "/closed", mark));
    const Status started = live_.Start();
    ASSERT_FALSE(started) << mark;
    EXPECT_EQ(started.error().Exit(), ExitCode::kLogProof) << mark;
  }
}

}  // namespace
}  // namespace farm
