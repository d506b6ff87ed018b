#include "farm/release/ledger_copy.h"

#include <gtest/gtest.h>

#include "farm/crypto/hash.h"
#include "tests/support/release_harness.h"

namespace farm {
namespace {

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Fails every call of `step` from now on.
void Break(Harness& harness, const std::string& step) {
  harness.world().fault = [step](const std::string& passed) -> Status {
    if (passed == step) return Error{ErrorCode::kUnavailable, step + " is broken"};
    return {};
  };
}

void ExpectReleasedOnce(Harness& harness, const std::string& id) {
  EXPECT_EQ(harness.Get(id).stage, Stage::kReleased) << harness.Why(id);
  EXPECT_EQ(harness.Get(id).attempt, 1);
  EXPECT_TRUE(FileExists(harness.path("published/greeting/1.0/greeting-1.0.farmkit")));
  EXPECT_EQ(harness.world().signed_releases(), 1);
  EXPECT_EQ(harness.world().Logged("release"), 1);
  EXPECT_EQ(harness.world().Logged("intent"), 1);
  EXPECT_EQ(harness.world().builds(), 3);
}

// The steps at which the database is lost: before and after each call to signer, log and tree.
TEST(LedgerCopy, AReleaseEndsOnceWhereverTheDatabaseIsLost) {
  for (const char* step : {"sign", "stamp done", "append done", "build done", "decide",
                           "decide done", "consistency", "fetch", "kit", "kit done"}) {
    SCOPED_TRACE(step);
    Harness harness;
    Break(harness, step);
    const std::string id = harness.Release(harness.Make("1.0"));
    EXPECT_NE(harness.Get(id).stage, Stage::kReleased);
    harness.world().fault = nullptr;
    harness.LoseDatabase();
    EXPECT_NE(harness.Get(id).stage, Stage::kReleased);
    harness.Drive();
    ExpectReleasedOnce(harness, id);
  }
}

TEST(LedgerCopy, ALoggedReleaseThatWasNotPublishedIsPublishedWhenTheDatabaseIsLost) {
  Harness harness;
  Break(harness, "consistency");
  const std::string id = harness.Release(harness.Make("1.0"));
  EXPECT_EQ(harness.world().Logged("release"), 1);
  harness.LoseDatabase();
  harness.Drive();
  EXPECT_EQ(harness.Get(id).stage, Stage::kPublishing);
  EXPECT_EQ(harness.Get(id).published_directory, "");
  harness.world().fault = nullptr;
  harness.Drive();
  ExpectReleasedOnce(harness, id);
}

TEST(LedgerCopy, WaitingRequestsApprovalsAndCancellationsSurviveTheDatabase) {
  Harness harness;
  const Submission waits = harness.Make("1.0");
  const std::string id = Must(harness.farm().Submit(waits)).id;
  harness.Approve(waits, 1);
  const Submission cancelled = harness.Make("2.0");
  harness.Approve(cancelled);
  const std::string other = Must(harness.farm().Submit(cancelled)).id;
  Must(harness.farm().Cancel(other, "requester-1"));
  harness.LoseDatabase();
  harness.Drive();
  EXPECT_TRUE(Contains(harness.Why(id), "1 of 2 approvals")) << harness.Why(id);
  EXPECT_EQ(harness.Get(other).stage, Stage::kCancelled);
  EXPECT_EQ(harness.world().builds(), 0);
  harness.Approve(waits);
  harness.Drive();
  ExpectReleasedOnce(harness, id);
}

TEST(LedgerCopy, ACopyThatCannotBeWrittenStopsTheReleaseUntilItCan) {
  Harness harness;
  const Submission submission = harness.Make("1.0");
  const std::string id = Must(harness.farm().Submit(submission)).id;
  harness.Approve(submission);
  harness.files().hook = [](const std::string& step, const std::string&) -> Status {
    if (step == "rename") return Error{ErrorCode::kUnavailable, "the disk is full"};
    return {};
  };
  harness.Drive();
  EXPECT_TRUE(Contains(harness.Why(id), "the disk is full")) << harness.Why(id);
  EXPECT_EQ(harness.world().Logged("request"), 0);
  harness.files().hook = nullptr;
  harness.Drive();
  ExpectReleasedOnce(harness, id);
}

class Copied : public testing::Test {
 protected:
  Copied() {
    store_ = Must(BlobStore::Open(RealFileSystem(), Path("store")));
    copy_ = Must(LedgerCopy::Open(RealFileSystem(), *store_, Path("copy")));
    ledger_ = NewLedger("one");
    Must(ledger_->Insert("p/1", {{"lock", "", "", "a lock"}, {"deciding", "1", "", ""}}));
    Must(copy_->Unite(*ledger_));
  }
  std::string Path(const std::string& name) const { return JoinPath(directory_.path(), name); }
  std::unique_ptr<Ledger> NewLedger(const std::string& name) {
    return Must(Ledger::Open(RealFileSystem(), LedgerOptions{Path(name), 100, {}}));
  }
  std::string File() const { return Path("copy/" + Sha256("p/1").Hex() + ".json"); }

  const TemporaryDirectory directory_ = Must(TemporaryDirectory::Make(""));
  std::unique_ptr<BlobStore> store_;
  std::unique_ptr<LedgerCopy> copy_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(Copied, FileIsAsTheHeaderSays) {
  EXPECT_EQ(Must(ReadFile(File(), kCopyBytesMax)),
            R"({"format":"farm-rows/1","release":"p/1","rows":[)"
            R"({"digest":"","key":"1","kind":"deciding","note":""},{"digest":")" +
                Sha256("a lock").Text() + R"(","key":"","kind":"lock","note":""}]})");
}

TEST_F(Copied, UnitesBothAndTheLedgersRowCounts) {
  const auto other = NewLedger("two");
  Must(other->Insert("p/1", {{"lock", "", "", "another lock"}}));
  Must(other->Insert("q/1", {{"done", "", "", ""}}));
  Must(copy_->Unite(*other));
  EXPECT_EQ(Must(other->Rows("p/1")).size(), 2u);
  EXPECT_EQ(Must(other->Rows("p/1"))[1].digest, Sha256("another lock"));
  const auto third = NewLedger("three");
  Must(copy_->Unite(*third));
  EXPECT_EQ(Must(third->Releases()), (std::vector<std::string>{"p/1", "q/1"}));
  EXPECT_EQ(Must(third->Payload(Sha256("another lock"))), "another lock");
}

TEST_F(Copied, RefusesWhatIsNoCopyAndNamesTheFile) {
  const std::string good = Must(ReadFile(File(), kCopyBytesMax));
  struct Case {
    const char* name;
    std::string text;
  };
  std::string other_format = good;
  other_format.replace(good.find("rows/1"), 6, "rows/2");
  std::string other_release = good;
  other_release.replace(good.find("p/1"), 3, "p/2");
  std::string unknown_field = good;
  unknown_field.replace(good.find("\"note\""), 6, "\"nota\"");
  for (const Case& one : {Case{"cut_off", good.substr(0, good.size() - 1)},
                          Case{"other_format", other_format}, Case{"other_release", other_release},
                          Case{"unknown_field", unknown_field}, Case{"empty", ""}}) {
    Must(WriteDurably(RealFileSystem(), File(), one.text));
    const auto ledger = NewLedger(one.name);
    const Status united = copy_->Unite(*ledger);
    ASSERT_FALSE(united) << one.name;
    EXPECT_EQ(united.error().code, ErrorCode::kInvalidInput) << one.name;
    EXPECT_TRUE(Contains(united.error().message, File())) << united.error().message;
    EXPECT_TRUE(Must(ledger->Releases()).empty()) << one.name;
  }
  Must(WriteDurably(RealFileSystem(), File(), good));
  Must(store_->Remove(Sha256("a lock")));
  const auto ledger = NewLedger("no_payload");
  EXPECT_EQ(copy_->Unite(*ledger).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace farm
