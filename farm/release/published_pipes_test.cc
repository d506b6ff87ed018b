// Whoever can write the published tree can put a named pipe there, into which nobody writes, or a
// link: neither farmd nor what others own may suffer from it.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <utility>

#include "farm/crypto/hash.h"
#include "farm/release/publish.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/release_harness.h"

namespace farm {
namespace {

// A farm with a release in its tree, and the tree as farmd has it.
class PublishedPipes : public testing::Test {
 protected:
  PublishedPipes() {
    id_ = harness_.Release(harness_.Make("1.0"));
    const Bundle line = Must(harness_.farm().PublishedLine(id_));
    digest_ = line.PaeDigest();
    release_ = Must(ParseStatementAs<Release>(line.envelope.payload, "release line"));
    publication_ = {"greeting", "1.0", release_.artifacts,
                    Must(ReadFile(Path("greeting/1.0/greet.sigstore.jsonl"), kBundleFileBytesMax))};
  }
  std::string Path(const std::string& name) const { return harness_.path("published/" + name); }
  Status WriteRoots() {
    return tree_.WriteRoots(harness_.world().rules().root, harness_.world().rules().root_bytes);
  }
  Result<bool> TakeStatus() {
    EvidenceMaker maker({.monitors = 1});
    const FarmStatus status = maker.Status(kStatusAt);
    return tree_.TakeStatus(WriteBundleLine(maker.StatusLine(status)) + "\n", maker.root(),
                            maker.policy(), kStatusAt);
  }

  static constexpr UnixSeconds kStatusAt = 1'800'001'000;
  Harness harness_;
  PublishedTree tree_{RealFileSystem(), harness_.store(), harness_.path("published")};
  std::string id_;
  Digest digest_;
  Release release_;
  Publication publication_;
};

TEST_F(PublishedPipes, KeepNobodyWaiting) {
  const auto publish = [&] { return tree_.Publish(publication_); };
  const auto roots = [&] { return WriteRoots(); };
  const auto status = [&]() -> Status {
    const auto taken = TakeStatus();
    return taken ? Status() : Status(taken.error());
  };
  const auto line = [&]() -> Status {
    const auto read = harness_.farm().PublishedLine(id_);
    return read ? Status() : Status(read.error());
  };
  const std::string by_digest = "by-digest/" + release_.artifacts.front().digest.Hex();
  const std::pair<std::string, std::function<Status()>> rows[] = {
      {"greeting/1.0/greet.sigstore.jsonl", line},
      {"greeting/1.0/greet.tlog-proof", publish},
      {by_digest + ".sigstore.jsonl", publish},
      {by_digest + ".tlog-proof", publish},
      {"root/1.json", roots},
      {"trusted_root.json", roots},
      {"keyring.json", roots},
      {"status.json", status},
  };
  for (const auto& [name, ask] : rows) {
    const std::string path = Path(name);
    const std::string bytes = ReadFile(path, kBundleFileBytesMax).value_or("");
    std::filesystem::remove(path);
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0) << name;
    const Status refused = ask();
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().Exit(), ExitCode::kUsage) << name << refused.error().message;
    EXPECT_NE(refused.error().message.find(name + ": is a pipe"), std::string::npos)
        << name << ": " << refused.error().message;
    std::filesystem::remove(path);
    if (!bytes.empty()) Must(WriteDurably(RealFileSystem(), path, bytes));
  }
  EXPECT_TRUE(publish());
  EXPECT_TRUE(roots());
  EXPECT_TRUE(Must(TakeStatus()));
}

TEST_F(PublishedPipes, AreNoPartOfARelease) {
  ASSERT_TRUE(tree_.Holds(release_, digest_));
  const std::string by_digest = "by-digest/" + release_.artifacts.front().digest.Hex();
  const std::pair<std::string, bool> rows[] = {
      {"greeting/1.0/greet", true},
      {"greeting/1.0/greet.sigstore.jsonl", true},
      {"greeting/1.0/greeting-1.0.farmkit", false},
      {"greeting/1.0/greeting-1.0.farmkit.sigstore.jsonl", false},
      {by_digest + ".sigstore.jsonl", false},
  };
  for (const auto& [name, of_the_artifact] : rows) {
    const std::string path = Path(name);
    const std::string bytes = Must(ReadFile(path, kBundleFileBytesMax));
    std::filesystem::remove(path);
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0) << name;
    EXPECT_FALSE(tree_.Holds(release_, digest_)) << name;
    if (of_the_artifact) {
      EXPECT_EQ(tree_.Publish(publication_).error().code, ErrorCode::kMismatch) << name;
    }
    std::filesystem::remove(path);
    Must(WriteDurably(RealFileSystem(), path, bytes));
    EXPECT_TRUE(tree_.Holds(release_, digest_)) << name;
  }
}

// The names in .partial are known before.
TEST_F(PublishedPipes, AndLinksAreNotWrittenTo) {
  const std::string other = harness_.path("other");
  Must(WriteDurably(RealFileSystem(), other, "other"));
  const std::function<int(const std::string&)> deeds[] = {
      [&](const std::string& name) { return symlink(other.c_str(), name.c_str()); },
      [&](const std::string& name) { return link(other.c_str(), name.c_str()); },
      [&](const std::string& name) { return mkfifo(name.c_str(), 0600); },
      // What a crash has left.
      [&](const std::string& name) {
        return WriteDurably(RealFileSystem(), name, std::string(1 << 20, 'x')) ? 0 : -1;
      },
  };
  const std::string root = Path("root/1.json");
  const std::string kit = Path("greeting/1.0/greeting-1.0.farmkit");
  const std::string kit_bytes = Must(ReadFile(kit, kBundleFileBytesMax));
  for (const auto& deed : deeds) {
    std::filesystem::remove(root);
    ASSERT_EQ(deed(Path(".partial/" + Sha256(root).Hex() + ".file")), 0);
    ASSERT_EQ(deed(Path(".partial/" + Sha256(publication_.bundle_file).Hex() + ".kit")), 0);
    const Status written = WriteRoots();
    ASSERT_TRUE(written) << written.error().message;
    const KitOrder order{"", "", publication_.bundle_file, ""};
    const auto added = tree_.AddKit(publication_, order, harness_.world());
    ASSERT_TRUE(added) << added.error().message;
    EXPECT_EQ(Must(ReadFile(other, 10)), "other");
    for (const auto& [path, bytes] :
         {std::pair{root, harness_.world().rules().root_bytes}, std::pair{kit, kit_bytes}}) {
      EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(path))) << path;
      EXPECT_EQ(std::filesystem::hard_link_count(path), 1u) << path;
      EXPECT_EQ(Must(ReadFile(path, kBundleFileBytesMax)), bytes);
    }
    EXPECT_TRUE(Must(ListDirectory(Path(".partial"))).empty());
  }
}

}  // namespace
}  // namespace farm
