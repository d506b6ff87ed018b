#include "farm/cli/audit_checks.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>
#include <string>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"

namespace farm {
namespace {

const std::string kTree(64, 'a');
const std::string kSha1(40, 'b');

ManifestSource SourceOf(const std::string& name, SourceOrigin origin) {
  ManifestSource source;
  source.name = name;
  source.tree = kTree;
  source.origin = std::move(origin);
  return source;
}

GitOrigin Git(const std::string& tree_sha1) {
  return {"https://git.example/library", std::string(40, 'c'), tree_sha1};
}

TEST(IdentifySources, HoldsEachSourceToEveryTreeThatTheManifestNames) {
  const std::string other_tree(64, 'e');
  const std::string other_sha1(40, 'f');
  const struct {
    const char* name;
    SourceOrigin origin;
    TreeIdentity unpacked;
    std::vector<std::string> said;  // empty: good
  } rows[] = {
      {"git", Git(kSha1), {kTree, kSha1}, {}},
      {"git_of_another_sha1_tree", Git(kSha1), {kTree, other_sha1}, {"SHA-1", other_sha1, kSha1}},
      {"git_of_another_tree", Git(kSha1), {other_tree, kSha1}, {other_tree, kTree}},
      {"git_without_sha1_tree", Git(""), {kTree, kSha1}, {"SHA-1", kSha1}},
      {"directory", DirectoryOrigin{"source"}, {kTree, other_sha1}, {}},
      {"archive", ArchiveOrigin{"x.tar"}, {kTree, other_sha1}, {}},
      {"archive_of_another_tree", ArchiveOrigin{"x.tar"}, {other_tree, kSha1}, {other_tree, kTree}},
      {"debian_of_another_tree", DebianOrigin{"x", "1"}, {other_tree, kSha1}, {other_tree, kTree}},
  };
  for (const auto& row : rows) {
    const auto trees = IdentifySources(
        {SourceOf("library", row.origin)},
        [&](const ManifestSource&) -> Result<TreeIdentity> { return row.unpacked; });
    ASSERT_EQ(trees.has_value(), row.said.empty()) << row.name;
    if (trees) {
      EXPECT_EQ(*trees, std::vector<TreeIdentity>{row.unpacked}) << row.name;
      continue;
    }
    EXPECT_EQ(trees.error().Exit(), ExitCode::kInputMissing) << row.name;
    EXPECT_NE(trees.error().message.find("source library "), std::string::npos) << row.name;
    for (const std::string& words : row.said) {
      EXPECT_NE(trees.error().message.find(words), std::string::npos)
          << row.name << ": " << trees.error().message;
    }
  }
}

TEST(IdentifySources, LooksAtEverySourceAndNamesTheOneThatFails) {
  const std::vector<ManifestSource> sources = {SourceOf("one", Git(kSha1)),
                                               SourceOf("two", Git(kSha1))};
  const auto trees = IdentifySources(sources, [](const ManifestSource& source) {
    return source.name == "one" ? Result<TreeIdentity>(TreeIdentity{kTree, kSha1})
                                : Error{ErrorCode::kInvalidInput, "not an archive"};
  });
  ASSERT_FALSE(trees);
  EXPECT_EQ(trees.error().message, "source two: not an archive");
  EXPECT_EQ(trees.error().code, ErrorCode::kInvalidInput);
}

// A store that holds all inputs of a manifest: one file of a source, and one package.
class HashInputsTest : public testing::Test {
 protected:
  HashInputsTest() {
    ManifestSource source = SourceOf("library", DirectoryOrigin{"source"});
    source.files = {{"library.tar", store_->PutBytes("bytes of the tar")->digest, 16}};
    read_.manifest.sources = {source};
    read_.lock.packages = {
        {"gcc", "12", "amd64", store_->PutBytes("bytes of gcc")->digest, 12, "pool/gcc.deb"}};
  }
  // Somebody changes one bit of a blob's file and leaves its size and name.
  void FlipBitOf(const Digest& digest) {
    const std::string path = store_->PathOf(digest);
    std::string bytes = ReadFile(path, 1 << 20).value();
    bytes[bytes.size() / 2] ^= 1;
    ASSERT_EQ(chmod(path.c_str(), 0600), 0);
    ASSERT_TRUE(WriteDurably(RealFileSystem(), path, bytes));
  }
  void ExpectExit22(const std::string& words) {
    const Status status = HashInputs(read_, *store_, Output());
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().Exit(), ExitCode::kInputMissing);
    EXPECT_NE(status.error().message.find(words), std::string::npos) << status.error().message;
  }
  SourceFile& file() { return read_.manifest.sources[0].files[0]; }
  LockedPackage& package() { return read_.lock.packages[0]; }

  TemporaryDirectory directory_ = TemporaryDirectory::Make("").value();
  std::unique_ptr<BlobStore> store_ =
      BlobStore::Open(RealFileSystem(), JoinPath(directory_.path(), "store")).value();
  ReadManifest read_;
};

TEST_F(HashInputsTest, TakesInputsThatAreWhatTheManifestSays) {
  const Status status = HashInputs(read_, *store_, Output());
  EXPECT_TRUE(status) << status.error().message;
}

TEST_F(HashInputsTest, NamesASourceFileWhoseBytesHaveChanged) {
  FlipBitOf(file().digest);
  ExpectExit22("source library: library.tar");
  EXPECT_EQ(HashInputs(read_, *store_, Output()).error().code, ErrorCode::kMismatch);
}

TEST_F(HashInputsTest, NamesAPackageWhoseBytesHaveChanged) {
  FlipBitOf(package().sha256);
  ExpectExit22("package gcc 12");
  EXPECT_EQ(HashInputs(read_, *store_, Output()).error().code, ErrorCode::kMismatch);
}

TEST_F(HashInputsTest, NamesAnInputOfAnotherSize) {
  file().size = 17;
  ExpectExit22("source library: library.tar has 16 bytes, want 17");
}

TEST_F(HashInputsTest, NamesAnInputThatIsMissing) {
  ASSERT_TRUE(store_->Remove(package().sha256));
  ExpectExit22("package gcc 12");
}

}  // namespace
}  // namespace farm
