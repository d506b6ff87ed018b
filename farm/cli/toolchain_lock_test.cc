// `farm toolchain lock` with an archive in memory and a launcher that writes a fixed root: what it
// says, and what it has changed by then.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "farm/base/files.h"
#include "farm/cli/commands.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "farm/store/blob_store.h"
#include "farm/toolchain/assemble.h"
#include "farm/toolchain/resolve.h"
#include "tests/support/fake_archive.h"

namespace farm {
namespace {

constexpr char kArchive[] = "http://archive.example/debian/";
constexpr std::int64_t kEpoch = 1735689600;
constexpr char kDifference[] = "~ libc6 2.36-9 -> 2.37-1\n+ make 4.3-4\n";

// A folder of locks with one in it, and an archive that has moved on since.
class ToolchainLock : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(MakeDirectories(Path("locks"), 0755));
    archive_.Add(kArchive, "gcc", "12-1", "amd64");
    archive_.Add(kArchive, "libc6", "2.36-9", "amd64");
    archive_.print_uris["install"] = archive_.Uri("gcc") + archive_.Uri("libc6");
    const LockRequest request{"amd64", kEpoch, true, {"gcc"}, "", {"bookworm"}};
    const Result<Lock> draft = ResolveLock(request, archive_.Place(), {});
    ASSERT_TRUE(draft) << draft.error().message;
    Assembled root;
    root.root_tar = Sha256("tar of then");
    root.image = Sha256("image of then");
    root.image_size = 13;
    then_ = CompleteLock(*draft, root);
    ASSERT_TRUE(WriteDurably(RealFileSystem(), old_, LockText(then_)));

    archive_.Add(kArchive, "libc6", "2.37-1", "amd64");
    archive_.Add(kArchive, "make", "4.3-4", "amd64");
    packages_of_then_ = archive_.print_uris["install"];
    archive_.print_uris["install"] =
        archive_.Uri("gcc") + archive_.Uri("libc6") + archive_.Uri("make");

    machine_.apt = archive_.Place();
    machine_.assemble = [this](const ProcessSpec& spec) { return Assemble(spec); };
    arguments_.store = Path("store");
    arguments_.launcher = "farm-sandbox";
  }

  std::string Path(const std::string& name) { return JoinPath(directory_.path(), name); }

  // Every file beside the lock, with its bytes.
  std::map<std::string, std::string> Locks() {
    std::map<std::string, std::string> files;
    const std::vector<std::string> names = ListDirectory(Path("locks")).value();
    for (const std::string& name : names) {
      files[name] = ReadFile(Path("locks/" + name), kLockBytesMax).value();
    }
    return files;
  }

  // The command's exit code; said_ is its standard output.
  int Run(bool json = false) {
    said_.clear();
    assemblies_ = 0;
    testing::internal::CaptureStdout();
    const int code = RunToolchainLockCommand(arguments_, machine_, Output{json, false});
    said_ += testing::internal::GetCapturedStdout();
    return code;
  }

  Result<ProcessResult> Assemble(const ProcessSpec& spec) {
    EXPECT_EQ(spec.argv[0], "farm-sandbox");
    ProcessResult result;
    result.exit_code = 0;
    if (spec.argv[1] == "remove") {
      EXPECT_TRUE(RemoveTree(spec.argv.back()));
      return result;
    }
    ++assemblies_;
    said_ += testing::internal::GetCapturedStdout();
    testing::internal::CaptureStdout();
    said_before_ = said_;
    locks_before_ = Locks();
    if (assembly_fails_) {
      result.exit_code = 40;
      result.output = R"({"ended":"exited","exit_code":70})";
      result.error_output = "assemble: it went wrong\n";
      return result;
    }
    const std::string work = *(std::find(spec.argv.begin(), spec.argv.end(), "--work") + 1);
    EXPECT_TRUE(WriteDurably(RealFileSystem(), work + "/root.tar", "tar"));
    EXPECT_TRUE(WriteDurably(RealFileSystem(), work + "/root.erofs", "image"));
    return result;
  }

  TemporaryDirectory directory_ = TemporaryDirectory::Make("").value();
  const std::string old_ = Path("locks/cc.lock.textproto");
  const std::string new_ = Path("locks/new.lock.textproto");
  FakeArchive archive_{TemporaryDirectory::Make("").value()};
  Lock then_;
  std::string packages_of_then_;
  ToolchainLockArguments arguments_;
  LockMachine machine_;
  bool assembly_fails_ = false;
  std::string said_;
  int assemblies_ = 0;
  // When the assembler was started.
  std::string said_before_;
  std::map<std::string, std::string> locks_before_;
};

TEST_F(ToolchainLock, ARefreshWithoutAFileShowsTheDifferenceAndChangesNothing) {
  const auto before = Locks();
  arguments_.refresh = old_;
  EXPECT_EQ(Run(), 0);
  EXPECT_EQ(said_, std::string(kDifference) + "\n");
  EXPECT_EQ(assemblies_, 0);
  EXPECT_EQ(Locks(), before);
  const auto store = BlobStore::Open(RealFileSystem(), arguments_.store).value();
  EXPECT_TRUE(store->List()->empty());  // no package was fetched either
}

TEST_F(ToolchainLock, ARefreshSaysThatNothingHasChanged) {
  archive_.print_uris["install"] = packages_of_then_;
  arguments_.refresh = old_;
  EXPECT_EQ(Run(), 0);
  EXPECT_EQ(said_, "nothing has changed\n");
  EXPECT_EQ(Run(true), 0);
  EXPECT_EQ(ParseJson(said_, "answer")->at("changes"), Json::array());
  EXPECT_EQ(assemblies_, 0);
}

TEST_F(ToolchainLock, ARefreshShowsTheDifferenceBeforeItAssemblesAndWrites) {
  const auto before = Locks();
  arguments_.refresh = old_;
  arguments_.out = new_;
  ASSERT_EQ(Run(), 0);
  EXPECT_EQ(assemblies_, 1);
  EXPECT_EQ(said_before_, std::string(kDifference) + "\n");
  EXPECT_EQ(locks_before_, before);

  auto after = Locks();
  const auto made = ParseLockText(after["new.lock.textproto"], new_);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->requested, then_.requested);
  EXPECT_EQ(DescribeLockDifference(then_, *made).find(kDifference), 0U);
  EXPECT_EQ(made->root_tar, Sha256("tar"));
  EXPECT_EQ(made->image, Sha256("image"));
  EXPECT_EQ(made->image_size, 5);
  EXPECT_EQ(said_, said_before_ + new_ + "  " + LockDigest(*made).Text() + "\n");
  after.erase("new.lock.textproto");
  EXPECT_EQ(after, before);
}

TEST_F(ToolchainLock, AFailedAssemblyWritesNothing) {
  const auto before = Locks();
  arguments_.refresh = old_;
  assembly_fails_ = true;
  for (const std::string& out : {new_, old_}) {
    arguments_.out = out;
    EXPECT_EQ(Run(), 30) << out;
    EXPECT_EQ(assemblies_, 1) << out;
    EXPECT_EQ(Locks(), before) << out;
  }
}

TEST_F(ToolchainLock, ALostPackageEndsItBeforeTheAssembler) {
  const auto before = Locks();
  archive_.files.erase(archive_.UrlOf("make"));
  arguments_.refresh = old_;
  arguments_.out = new_;
  EXPECT_EQ(Run(), 22);
  EXPECT_EQ(assemblies_, 0);
  EXPECT_EQ(Locks(), before);
}

TEST_F(ToolchainLock, ResolvesNamesAndWritesOnlyWhereItIsTold) {
  const auto before = Locks();
  arguments_.packages = {"make", "gcc"};
  arguments_.source_date_epoch = kEpoch;
  EXPECT_EQ(Run(), 2);  // no --out
  EXPECT_EQ(assemblies_, 0);
  EXPECT_EQ(Locks(), before);

  arguments_.out = new_;
  ASSERT_EQ(Run(true), 0);
  EXPECT_EQ(archive_.asked["install"], "?essential gcc make");
  const auto made = ParseLockText(Locks()["new.lock.textproto"], new_);
  ASSERT_TRUE(made) << made.error().message;
  const LockRequest asked{"amd64", kEpoch, true, {"gcc", "make"}, "", {"bookworm"}};
  EXPECT_EQ(made->requested, asked);
  ASSERT_EQ(made->packages.size(), 3U);
  EXPECT_EQ(made->packages[1].version, "2.37-1");
  const auto answer = ParseJson(said_, "answer");
  ASSERT_TRUE(answer) << said_;
  EXPECT_EQ(answer->at("lock"), LockDigest(*made).Text());
  EXPECT_EQ(answer->at("file"), new_);
}

}  // namespace
}  // namespace farm
