#include "farm/site/root_cache.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/crypto/hash.h"

namespace farm {
namespace {

constexpr UnixSeconds kEpoch = 1'735'689'600;

// What the launcher was asked to do, one letter each: `a` assemble, `c` check a kept tree, `r`
// remove.
void Note(const std::string& directory, char letter) {
  const std::string path = JoinPath(directory, "calls");
  const std::string before = ReadFile(path, 1000).value_or("");
  CHECK(WriteDurably(RealFileSystem(), path, before + letter).has_value());
}

// `PROGRAM run ... --work DIR ...` and `PROGRAM remove ... DIR`, as far as the cache comes to them.
// Of a package `clean` it makes the image "clean", of others "image"; the image of a tree is its
// file `usr/tool`.
int FakeAssemblerMain(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  if (words[1] == "remove") return RemoveTree(words.back()) ? 0 : 1;
  const std::string work = *(std::ranges::find(words, "--work") + 1);
  const bool assembles = words.back() == "tree" || words.back() == "image";
  Note(work.substr(0, work.find("/roots/")), assembles ? 'a' : 'c');
  const std::string view = *(std::ranges::find(words, "--bind-ro") + 1);
  std::string image = "image";
  if (assembles) {
    if (ReadFile(view + "/packages.list", 1000).value().starts_with("clean ")) image = "clean";
    CHECK(WriteDurably(RealFileSystem(), work + "/root.tar", "tar").has_value());
    if (words.back() == "tree") {
      CHECK(MakeDirectories(work + "/root/usr", 0755).has_value());
      CHECK(WriteDurably(RealFileSystem(), work + "/root/usr/tool", image).has_value());
    }
  } else {
    image = ReadFile(view + "/usr/tool", 100).value();
  }
  CHECK(WriteDurably(RealFileSystem(), work + "/root.erofs", image).has_value());
  return 0;
}

class RootCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(MakeDirectories(Path("roots"), 0755));
    const StoredBlob package = blobs_->PutBytes("a package").value();
    lock_.requested = {"amd64", kEpoch, true, {"gcc"}, "", {"bookworm"}};
    lock_.packages.push_back({"gcc", "12.2.0", "amd64", package.digest,
                              static_cast<std::int64_t>(package.size), "pool/gcc.deb"});
    lock_.root_tar = Sha256("tar");
    lock_.image = Sha256("image");
    lock_.image_size = 5;
    sandbox_.launcher = OwnProgram();
  }
  std::string Path(const std::string& name) const { return JoinPath(temporary_.path(), name); }
  std::string Root() const { return Path("roots/" + LockDigest(lock_).Hex()); }
  std::string Tool() const { return Root() + "/root/usr/tool"; }
  // What the launcher has been asked since the last time.
  std::string Calls() {
    std::string calls = ReadFile(Path("calls"), 1000).value_or("");
    CHECK(WriteDurably(RealFileSystem(), Path("calls"), "").has_value());
    return calls;
  }
  Result<ReadyRoot> Get() {
    return RootCache(*blobs_, Path("roots"), sandbox_).Get(lock_, {}, [](std::string_view) {});
  }

  TemporaryDirectory temporary_ = TemporaryDirectory::Make("").value();
  std::unique_ptr<BlobStore> blobs_ = BlobStore::Open(RealFileSystem(), Path("store")).value();
  Lock lock_;
  AssemblySandbox sandbox_;
};

TEST_F(RootCacheTest, AssemblesOncePerLockAndLooksAgainEachTime) {
  const auto first = Get();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->root_tar, lock_.root_tar);
  EXPECT_EQ(first->image_digest, lock_.image);
  EXPECT_EQ(DirectoryName(DirectoryName(Tool())), first->directory);
  EXPECT_EQ(Calls(), "ac");
  for (int again = 0; again < 2; ++again) {  // each with a new cache, as after a restart
    const auto found = Get();
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->directory, first->directory);
    EXPECT_EQ(Calls(), "c");
  }
}

TEST_F(RootCacheTest, ARootThatWasChangedIsAssembledAgain) {
  ASSERT_TRUE(Get());
  ASSERT_TRUE(WriteDurably(RealFileSystem(), Tool(), "a changed tool"));
  Calls();
  const auto found = Get();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(Calls(), "cac");
  EXPECT_EQ(ReadFile(Tool(), 100).value(), "image");
}

TEST_F(RootCacheTest, ARootThatComesOutAsAnotherIsRefused) {
  lock_.root_tar = Sha256("another tar");
  const auto other = Get();
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().Exit(), ExitCode::kInputMissing) << other.error().message;
  EXPECT_FALSE(FileExists(Tool()));
}

TEST_F(RootCacheTest, ALockThatClaimsTheRootOfAnotherIsAssembledOfItsOwnPackages) {
  ASSERT_TRUE(Get());
  Calls();
  const Lock before = lock_;
  const StoredBlob clean = blobs_->PutBytes("a clean package").value();
  lock_.packages = {{"clean", "1", "amd64", clean.digest, static_cast<std::int64_t>(clean.size),
                     "pool/clean.deb"}};
  const auto claimed = Get();
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.error().Exit(), ExitCode::kInputMissing) << claimed.error().message;
  EXPECT_EQ(Calls(), "a");
  EXPECT_FALSE(FileExists(Root()));

  lock_.image = Sha256("clean");
  const auto own = Get();
  ASSERT_TRUE(own) << own.error().message;
  EXPECT_EQ(Calls(), "ac");
  EXPECT_EQ(ReadFile(Tool(), 100).value(), "clean");

  lock_ = before;  // its root has stayed as it was
  ASSERT_TRUE(Get());
  EXPECT_EQ(Calls(), "c");
}

TEST_F(RootCacheTest, ARootWithoutItsLockOrOfAnotherIsAssembledAgain) {
  ASSERT_TRUE(Get());
  const std::string facts = Root() + "/assembled.json";
  const std::string good = ReadFile(facts, 4096).value();
  const std::string field = "\"lock\":\"" + LockDigest(lock_).Text() + "\",";
  ASSERT_NE(good.find(field), std::string::npos) << good;
  for (const std::string& other :
       {std::string(), "\"lock\":\"" + Sha256("another lock").Text() + "\","}) {
    std::string changed = good;
    changed.replace(good.find(field), field.size(), other);
    ASSERT_TRUE(WriteDurably(RealFileSystem(), facts, changed));
    Calls();
    ASSERT_TRUE(Get());
    EXPECT_EQ(Calls(), "ac") << other;
    EXPECT_NE(ReadFile(facts, 4096).value().find(field), std::string::npos);
  }
}

TEST_F(RootCacheTest, StoppingDoesNotThrowARootAway) {
  ASSERT_TRUE(Get());
  Calls();
  const auto stopped = RootCache(*blobs_, Path("roots"), sandbox_)
                           .Get(
                               lock_, [] { return true; }, [](std::string_view) {});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().Exit(), ExitCode::kCancelled) << stopped.error().message;
  EXPECT_TRUE(FileExists(Tool()));
}

}  // namespace
}  // namespace farm

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "run" || command == "remove") return farm::FakeAssemblerMain(argc, argv);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
