// The monitor's status in the published tree: only what customers would take, and never back.
#include <gtest/gtest.h>

#include "farm/release/publish.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

constexpr UnixSeconds kStatusAt = 1'800'001'000;

class PublishedStatus : public testing::Test {
 protected:
  Result<bool> Take(const FarmStatus& status) {
    return tree_.TakeStatus(WriteBundleLine(maker_.StatusLine(status)) + "\n", maker_.root(),
                            maker_.policy(), now_);
  }
  std::string There() const {
    return ReadFile(JoinPath(temporary_.path(), "published/status.json"), 1 << 20).value_or("");
  }

  UnixSeconds now_ = kStatusAt + 2;  // of this machine
  EvidenceMaker maker_{EvidenceOptions{.monitors = 1}};
  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  std::unique_ptr<BlobStore> store_ =
      *BlobStore::Open(RealFileSystem(), JoinPath(temporary_.path(), "store"));
  PublishedTree tree_{RealFileSystem(), *store_, JoinPath(temporary_.path(), "published")};
};

TEST_F(PublishedStatus, IsReplacedByNewerOnesOnly) {
  EXPECT_TRUE(Take(maker_.Status(kStatusAt)).value());
  const std::string first = There();
  EXPECT_FALSE(first.empty());
  EXPECT_FALSE(Take(maker_.Status(kStatusAt)).value());
  EXPECT_FALSE(Take(maker_.Status(kStatusAt - 1)).value());
  EXPECT_EQ(There(), first);
  EXPECT_TRUE(Take(maker_.Status(kStatusAt + 1)).value());
  EXPECT_NE(There(), first);
  const std::string second = There();
  maker_.Rewind(maker_.Head().size - 1);
  EXPECT_EQ(Take(maker_.Status(kStatusAt + 2)).error().Exit(), ExitCode::kLogProof);
  EXPECT_EQ(There(), second);
}

// A monitor may make up a log and a newer root that has it; no other would ever tell of that log.
TEST_F(PublishedStatus, OfALogThatNobodyKnowsKeepsNoOtherMonitorsAway) {
  FarmStatus lie = maker_.Status(kStatusAt);
  lie.root_version = maker_.root().version + 1;
  StatusLog made_up = lie.logs.front();
  made_up.head.origin = "zzz.example";
  made_up.checkpoint.replace(0, made_up.checkpoint.find('\n'), made_up.head.origin);
  lie.logs.push_back(made_up);
  EXPECT_TRUE(Take(lie).value());
  EXPECT_TRUE(Take(maker_.Status(kStatusAt + 1)).value());
}

// A monitor with a time stamp authority of its own would keep every honest status away.
TEST_F(PublishedStatus, IsNotDatedAheadOfThisClock) {
  now_ = kStatusAt;
  const UnixSeconds skew = maker_.policy().clock_skew_seconds;
  const auto ahead = Take(maker_.Status(kStatusAt + skew + 1));
  ASSERT_FALSE(ahead);
  EXPECT_EQ(ahead.error().Exit(), ExitCode::kNotValidThen);
  for (const std::string& words : {FormatTime(kStatusAt), FormatTime(kStatusAt + skew + 1)}) {
    EXPECT_NE(ahead.error().message.find(words), std::string::npos) << ahead.error().message;
  }
  EXPECT_EQ(There(), "");
  EXPECT_TRUE(Take(maker_.Status(kStatusAt + skew)).value());
}

TEST_F(PublishedStatus, OneThatIsDatedAheadKeepsNoOtherAwayButOneThatTellsOfLess) {
  now_ = kStatusAt + kHourSeconds;  // as a farmd took it that asked no clock
  ASSERT_TRUE(Take(maker_.Status(kStatusAt + kHourSeconds)).value());
  const std::string dated_ahead = There();
  now_ = kStatusAt;
  const FarmStatus honest = maker_.Status(kStatusAt);
  maker_.Rewind(maker_.Head().size - 1);
  EXPECT_EQ(Take(maker_.Status(kStatusAt)).error().Exit(), ExitCode::kLogProof);
  EXPECT_EQ(There(), dated_ahead);
  EXPECT_TRUE(Take(honest).value());
  EXPECT_NE(There(), dated_ahead);
  EXPECT_FALSE(Take(honest).value());
}

TEST_F(PublishedStatus, IsNoOtherThanCustomersWouldTake) {
  FarmStatus by_auditor = maker_.Status(kStatusAt);
  by_auditor.monitor = "auditor-0";
  EXPECT_EQ(Take(by_auditor).error().Exit(), ExitCode::kBadSignature);
  EXPECT_EQ(tree_.TakeStatus("{}\n", maker_.root(), maker_.policy(), now_).error().Exit(),
            ExitCode::kUsage);
  Policy policy = maker_.policy();
  policy.witnesses = 3;
  const std::string bytes = WriteBundleLine(maker_.StatusLine(maker_.Status(kStatusAt))) + "\n";
  EXPECT_EQ(tree_.TakeStatus(bytes, maker_.root(), policy, now_).error().Exit(),
            ExitCode::kWitnesses);
  EXPECT_EQ(There(), "");
}

}  // namespace
}  // namespace farm
