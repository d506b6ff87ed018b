#include "farm/store/blob_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>
#include <thread>

#include "farm/base/files.h"
#include "tests/support/crash_files.h"

namespace farm {
namespace {

class BlobStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { Reopen(); }
  void Reopen() {
    store_.reset();
    auto store = BlobStore::Open(files_, directory());
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
  }
  std::string directory() const { return temporary_.path() + "/store"; }
  std::size_t PartialCount() const { return ListDirectory(directory() + "/partial")->size(); }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  CrashFiles files_;
  std::unique_ptr<BlobStore> store_;
};

TEST_F(BlobStoreTest, GivesBackWhatWasPut) {
  const auto stored = store_->PutBytes("hello\n");
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->digest.Hex(),
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
  EXPECT_EQ(stored->size, 6u);
  EXPECT_EQ(*store_->GetBytes(stored->digest, 6), "hello\n");
  EXPECT_EQ(*store_->Size(stored->digest), 6u);
  EXPECT_EQ(*ReadFile(store_->PathOf(stored->digest), 100), "hello\n");
  EXPECT_EQ(*store_->List(), std::vector<Digest>{stored->digest});
}

TEST_F(BlobStoreTest, HoldsTheEmptyBlob) {
  const auto stored = store_->PutBytes("");
  ASSERT_TRUE(stored);
  EXPECT_EQ(*store_->GetBytes(stored->digest, 0), "");
}

TEST_F(BlobStoreTest, NamesABlobThatIsNotThere) {
  const Digest digest = Sha256("absent");
  EXPECT_FALSE(store_->Has(digest));
  const auto got = store_->GetBytes(digest, 100);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(got.error().Exit(), ExitCode::kInputMissing);
  EXPECT_NE(got.error().message.find(digest.Text()), std::string::npos);
  EXPECT_FALSE(store_->Remove(digest));
}

TEST_F(BlobStoreTest, RefusesMoreBytesThanAsked) {
  const auto stored = store_->PutBytes("1234567");
  EXPECT_TRUE(store_->GetBytes(stored->digest, 7));
  EXPECT_EQ(store_->GetBytes(stored->digest, 6).error().code, ErrorCode::kLimitExceeded);
}

TEST_F(BlobStoreTest, SurvivesACrashAfterCommit) {
  const auto stored = store_->PutBytes("kept");
  ASSERT_TRUE(files_.PowerCut());
  Reopen();
  EXPECT_EQ(*store_->GetBytes(stored->digest, 100), "kept");
}

TEST_F(BlobStoreTest, ACrashBeforeCommitLeavesNothingVisible) {
  {
    auto writer = *store_->NewWriter();
    ASSERT_TRUE(writer->Append("half of"));
    ASSERT_TRUE(files_.PowerCut());
    EXPECT_TRUE(store_->List()->empty());
  }
  Reopen();
  EXPECT_TRUE(store_->List()->empty());
  EXPECT_EQ(PartialCount(), 0u);
}

TEST_F(BlobStoreTest, ANewStoreSurvivesACrash) {
  ASSERT_TRUE(files_.PowerCut());
  Reopen();
  EXPECT_TRUE(store_->PutBytes("x"));
  ASSERT_TRUE(files_.PowerCut());
  EXPECT_TRUE(store_->Has(Sha256("x")));
}

TEST_F(BlobStoreTest, AFullDiskIsAnErrorAndLeavesNothing) {
  files_.FillAfter(3);
  const auto stored = store_->PutBytes("four");
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().Exit(), ExitCode::kUnavailable);
  EXPECT_NE(stored.error().message.find("No space left"), std::string::npos);
  EXPECT_TRUE(store_->List()->empty());
  EXPECT_EQ(PartialCount(), 0u);
  files_.FillAfter(100);
  EXPECT_TRUE(store_->PutBytes("four"));
}

TEST_F(BlobStoreTest, AFailedSyncLeavesNothingVisible) {
  files_.DieAfter(2, false);  // create, append; not the sync
  EXPECT_EQ(store_->PutBytes("x").error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(store_->List()->empty());
}

TEST_F(BlobStoreTest, RefusesBytesThatAreNotTheExpectedOnes) {
  auto writer = *store_->NewWriter();
  ASSERT_TRUE(writer->Append("other"));
  const auto stored = writer->CommitAs(Sha256("this"));
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().Exit(), ExitCode::kInputMissing);
  writer.reset();
  EXPECT_TRUE(store_->List()->empty());
  EXPECT_EQ(PartialCount(), 0u);
}

TEST_F(BlobStoreTest, PutsAFileUnderTheDigestThatWasPromised) {
  const std::string path = temporary_.path() + "/file";
  std::ofstream(path) << "content";
  EXPECT_TRUE(store_->PutFileAs(path, Sha256("content")));
  const auto wrong = store_->PutFileAs(path, Sha256("contenT"));
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find(path), std::string::npos);
  EXPECT_EQ(store_->PutFile(temporary_.path() + "/none").error().code, ErrorCode::kNotFound);
}

TEST_F(BlobStoreTest, SeesAByteThatChangedOnDiskAndHealsWhenPutAgain) {
  const auto stored = store_->PutBytes("good");
  std::ofstream(store_->PathOf(stored->digest)) << "gooD";
  const auto got = store_->GetBytes(stored->digest, 100);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::kMismatch);
  ASSERT_TRUE(store_->PutBytes("good"));
  EXPECT_EQ(*store_->GetBytes(stored->digest, 100), "good");
}

TEST_F(BlobStoreTest, TwoWritersOfOneBlobBothSucceed) {
  auto first = *store_->NewWriter();
  auto second = *store_->NewWriter();
  ASSERT_TRUE(first->Append("same"));
  ASSERT_TRUE(second->Append("sa"));
  ASSERT_TRUE(first->Commit());
  ASSERT_TRUE(second->Append("me"));
  ASSERT_TRUE(second->Commit());
  EXPECT_EQ(store_->List()->size(), 1u);
}

TEST_F(BlobStoreTest, ManyThreadsPutOneBlobAtOnce) {
  auto store = *BlobStore::Open(RealFileSystem(), temporary_.path() + "/threads");
  const std::string bytes(3 << 20, 'x');
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { EXPECT_TRUE(store->PutBytes(bytes)); });
  }
  threads.clear();
  EXPECT_EQ(*store->GetBytes(Sha256(bytes), bytes.size()), bytes);
}

TEST_F(BlobStoreTest, RemovesABlobAndWhatCrashesLeft) {
  const auto stored = store_->PutBytes("x");
  EXPECT_TRUE(store_->Remove(stored->digest));
  EXPECT_FALSE(store_->Has(stored->digest));
  std::ofstream(directory() + "/partial/1.1.00") << "left";
  EXPECT_TRUE(store_->RemovePartial());
  EXPECT_EQ(PartialCount(), 0u);
}

TEST_F(BlobStoreTest, RefusesAStoreOfAnotherFormat) {
  std::ofstream(directory() + "/format") << "farm-store/2\n";
  const auto store = BlobStore::Open(files_, directory());
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("farm-store/2"), std::string::npos);
}

TEST_F(BlobStoreTest, PassesALargeBlobInConstantMemory) {
  auto store = *BlobStore::Open(RealFileSystem(), temporary_.path() + "/large");
  struct rusage before {};
  getrusage(RUSAGE_SELF, &before);
  auto writer = *store->NewWriter();
  const std::string piece(1 << 20, 'z');
  for (int i = 0; i < 128; ++i) ASSERT_TRUE(writer->Append(piece));
  const auto stored = writer->Commit();
  ASSERT_TRUE(stored);
  std::uint64_t size = 0;
  ASSERT_TRUE(store->Get(stored->digest, [&](std::string_view bytes) -> Status {
    size += bytes.size();
    return {};
  }));
  EXPECT_EQ(size, std::uint64_t{128} << 20);
  struct rusage after {};
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 32 << 10);  // KiB
}

}  // namespace
}  // namespace farm
