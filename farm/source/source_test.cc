#include "farm/source/source.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/crypto/hash.h"
#include "farm/store/archive.h"

namespace farm {
namespace {

class SourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    blobs_ = std::move(*BlobStore::Open(RealFileSystem(), At("store")));
    mkdir(At("tree").c_str(), 0755);
    mkdir(At("tree/src").c_str(), 0755);
    Write("tree/README", "read me\n");
    Write("tree/src/run", "#!/bin/sh\n");
    chmod(At("tree/src/run").c_str(), 0755);
    EXPECT_EQ(symlink("../README", At("tree/src/link").c_str()), 0);
  }
  std::string At(const std::string& name) const { return temporary_.path() + "/" + name; }
  void Write(const std::string& name, const std::string& content) {
    std::ofstream(At(name), std::ios::binary) << content;
  }

  std::string Git(const std::vector<std::string>& arguments) {
    ProcessSpec spec;
    spec.argv = {"git", "-C", At("tree"), "-c", "user.name=a", "-c", "user.email=a@example.org"};
    spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
    spec.environment = {"PATH=/usr/bin:/bin", "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1"};
    const auto result = RunProcess(spec);
    EXPECT_TRUE(result && result->ok()) << (result ? result->error_output : "no git");
    std::string output = result ? result->output : "";
    while (!output.empty() && output.back() == '\n') output.pop_back();
    return output;
  }
  GitCommit Committed() {
    Git({"init", "-q"});
    Git({"add", "--all", "."});
    Git({"commit", "-q", "-m", "x"});
    return {At("tree"), Git({"rev-parse", "HEAD"}), "https://example.org/x.git"};
  }

  // A tar of the directory `tree`, below a first directory, by the machine's tar.
  std::string Tar(const std::vector<std::string>& names) {
    ProcessSpec spec;
    spec.argv = {"tar", "-czf", At("a.tar.gz"), "-C", temporary_.path()};
    spec.argv.insert(spec.argv.end(), names.begin(), names.end());
    spec.environment = {"PATH=/usr/bin:/bin"};
    EXPECT_TRUE(RunProcess(spec)->ok());
    return At("a.tar.gz");
  }

  // Stands for the sandbox: unpacks an archive on this machine.
  Unpacker LocalUnpacker() {
    return [this](const ManifestSource& source) -> Result<TreeIdentity> {
      unpacked_ = source;
      for (const SourceFile& file : source.files) EXPECT_TRUE(blobs_->Has(file.digest));
      const auto to = TemporaryDirectory::Make("");
      RETURN_IF_ERROR(UnpackArchive(blobs_->PathOf(source.files[0].digest), to->path(), 1));
      return IdentifyTreeAt(to->path());
    };
  }
  static Result<TreeIdentity> SomeTree(const ManifestSource&) {
    return TreeIdentity{std::string(64, 'a'), std::string(40, 'b')};
  }

  // A .dsc with two files beside it.
  std::string WriteDsc() {
    Write("p_1.orig.tar.gz", "orig");
    Write("p_1-1.debian.tar.xz", "debian");
    Write("p_1-1.dsc", "Format: 3.0 (quilt)\nSource: p\nVersion: 1-1\nChecksums-Sha256:\n " +
                           Sha256("orig").Hex() + " 4 p_1.orig.tar.gz\n " + Sha256("debian").Hex() +
                           " 6 p_1-1.debian.tar.xz\n");
    return At("p_1-1.dsc");
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  std::unique_ptr<BlobStore> blobs_;
  ManifestSource unpacked_;
};

TEST_F(SourceTest, ADirectoryBecomesATarOfTheSameTree) {
  const auto imported = ImportDirectory("p", At("tree"), 1700000000, *blobs_);
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_EQ(imported->tree, *IdentifyTreeAt(At("tree")));
  EXPECT_EQ(imported->source.tree, imported->tree.sha256);
  ASSERT_EQ(imported->source.files.size(), 1u);
  const SourceFile& tar = imported->source.files[0];
  EXPECT_EQ(tar.name, "p.tar");
  mkdir(At("out").c_str(), 0755);
  ASSERT_TRUE(UnpackArchive(blobs_->PathOf(tar.digest), At("out"), 0));
  EXPECT_EQ(*IdentifyTreeAt(At("out")), imported->tree);
  EXPECT_EQ(ImportDirectory("p", At("tree"), 1700000000, *blobs_)->source.files,
            imported->source.files);
}

TEST_F(SourceTest, AnInadmissibleDirectoryIsRefusedByName) {
  Write("tree/readme", "x");
  EXPECT_EQ(symlink("/etc/passwd", At("tree/src/out").c_str()), 0);
  const auto imported = ImportDirectory("p", At("tree"), 1, *blobs_);
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().Exit(), ExitCode::kUsage);
  EXPECT_NE(imported.error().message.find("readme"), std::string::npos);
  EXPECT_NE(imported.error().message.find("src/out"), std::string::npos);
  EXPECT_TRUE(blobs_->List()->empty());
}

TEST_F(SourceTest, ACommitHasGitsOwnTree) {
  Write("tree/.gitattributes", "*.txt text eol=crlf export-subst\nsecret export-ignore\n");
  Write("tree/a.txt", "a\nb $Format:%H$\n");
  Write("tree/secret", "here");
  const GitCommit commit = Committed();
  const auto imported = ImportGit("p", commit, 1700000000, *blobs_);
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_EQ(imported->tree.sha1, Git({"rev-parse", "HEAD^{tree}"}));
  const auto& origin = std::get<GitOrigin>(imported->source.origin);
  EXPECT_EQ(origin.commit, commit.commit);
  EXPECT_EQ(origin.tree_sha1, imported->tree.sha1);
  EXPECT_EQ(origin.url, commit.url);
  // The same as the directory without .git.
  ASSERT_TRUE(RemoveTree(At("tree/.git")));
  EXPECT_EQ(imported->source.tree, IdentifyTreeAt(At("tree"))->sha256);
  EXPECT_EQ(imported->source.files,
            ImportDirectory("p", At("tree"), 1700000000, *blobs_)->source.files);
}

TEST_F(SourceTest, ReadsPackedObjectsAndABareRepository) {
  GitCommit commit = Committed();
  Git({"gc", "-q"});
  commit.repository = At("tree/.git");
  EXPECT_TRUE(ImportGit("p", commit, 1, *blobs_));
}

TEST_F(SourceTest, RefusesCommitsThatAreNoneOrNotThere) {
  GitCommit commit = Committed();
  const std::string tree = Git({"rev-parse", "HEAD^{tree}"});
  commit.commit = std::string(40, '1');
  EXPECT_EQ(ImportGit("p", commit, 1, *blobs_).error().code, ErrorCode::kNotFound);
  commit.commit = "HEAD";
  EXPECT_EQ(ImportGit("p", commit, 1, *blobs_).error().code, ErrorCode::kInvalidInput);
  commit.commit = tree;
  EXPECT_EQ(ImportGit("p", commit, 1, *blobs_).error().code, ErrorCode::kMismatch);
  commit.repository = At("none");
  EXPECT_EQ(ImportGit("p", commit, 1, *blobs_).error().code, ErrorCode::kNotFound);
}

TEST_F(SourceTest, SeesAnObjectThatIsNotWhatItsIdSays) {
  const GitCommit commit = Committed();
  const std::string good = Git({"rev-parse", "HEAD:README"});
  const std::string evil = Git({"hash-object", "-w", "src/run"});
  const auto path = [&](const std::string& id) {
    return At("tree/.git/objects/" + id.substr(0, 2) + "/" + id.substr(2));
  };
  ASSERT_EQ(unlink(path(good).c_str()), 0);
  ASSERT_EQ(link(path(evil).c_str(), path(good).c_str()), 0);
  const auto imported = ImportGit("p", commit, 1, *blobs_);
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().code, ErrorCode::kMismatch) << imported.error().message;
}

TEST_F(SourceTest, RefusesASubmoduleByName) {
  Committed();
  Git({"update-index", "--add", "--cacheinfo", "160000," + std::string(40, '2') + ",sub"});
  Git({"commit", "-q", "-m", "y"});
  const auto imported = ImportGit("p", {At("tree"), Git({"rev-parse", "HEAD"}), "u"}, 1, *blobs_);
  ASSERT_FALSE(imported);
  EXPECT_NE(imported.error().message.find("sub: a submodule"), std::string::npos)
      << imported.error().message;
}

TEST_F(SourceTest, RefusesATreeWithADotGitInside) {
  Git({"init", "-q"});
  const std::string blob = Git({"hash-object", "-w", "README"});
  ProcessSpec spec;
  spec.argv = {"git", "-C", At("tree"), "mktree"};
  spec.environment = {"PATH=/usr/bin:/bin", "HOME=/nonexistent"};
  spec.standard_input = "100644 blob " + blob + "\t.GIT\n";
  std::string tree = RunProcess(spec)->output;
  tree.pop_back();
  const std::string commit = Git({"commit-tree", tree, "-m", "x"});
  const auto imported = ImportGit("p", {At("tree"), commit, "u"}, 1, *blobs_);
  ASSERT_FALSE(imported);
  EXPECT_NE(imported.error().message.find(".GIT"), std::string::npos);
}

TEST_F(SourceTest, AnArchiveIsUnpackedWithoutItsFirstDirectory) {
  const auto imported =
      ImportArchive("p", Tar({"tree"}), "https://example.org/a.tar.gz", *blobs_, LocalUnpacker());
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_EQ(imported->tree, *IdentifyTreeAt(At("tree")));
  EXPECT_EQ(imported->source.files[0].name, "a.tar.gz");
  EXPECT_EQ(imported->source.files, unpacked_.files);
  EXPECT_EQ(std::get<ArchiveOrigin>(imported->source.origin).url, "https://example.org/a.tar.gz");
}

TEST_F(SourceTest, AnArchiveWithTwoTopsOrWithEvilNamesIsRefused) {
  Write("beside", "x");
  const auto beside = ImportArchive("p", Tar({"tree", "beside"}), "u", *blobs_, LocalUnpacker());
  ASSERT_FALSE(beside);
  EXPECT_NE(beside.error().message.find("beside"), std::string::npos);
  mkdir(At("other").c_str(), 0755);
  EXPECT_FALSE(ImportArchive("p", Tar({"tree", "other"}), "u", *blobs_, LocalUnpacker()));
  EXPECT_EQ(symlink("/etc/passwd", At("tree/evil").c_str()), 0);
  const auto evil = ImportArchive("p", Tar({"tree"}), "u", *blobs_, LocalUnpacker());
  ASSERT_FALSE(evil);
  EXPECT_NE(evil.error().message.find("tree/evil: a link to /etc/passwd"), std::string::npos);
}

TEST_F(SourceTest, ADebianSourceIsItsDscAndWhatThatLists) {
  const auto imported = ImportDebian("p", WriteDsc(), *blobs_, SomeTree);
  ASSERT_TRUE(imported) << imported.error().message;
  ASSERT_EQ(imported->source.files.size(), 3u);
  EXPECT_EQ(imported->source.files[0].name, "p_1-1.dsc");
  EXPECT_EQ(imported->source.files[1].name, "p_1.orig.tar.gz");
  EXPECT_EQ(imported->source.tree, std::string(64, 'a'));
  EXPECT_EQ(imported->tree.Swhid(), "swh:1:dir:" + std::string(40, 'b'));
  EXPECT_EQ(std::get<DebianOrigin>(imported->source.origin).version, "1-1");
  for (const SourceFile& file : imported->source.files) EXPECT_TRUE(blobs_->Has(file.digest));
}

TEST_F(SourceTest, ADebianSourceWithAMissingOrChangedFileIsExit22) {
  const std::string dsc = WriteDsc();
  Write("p_1.orig.tar.gz", "oriG");
  const auto changed = ImportDebian("p", dsc, *blobs_, SomeTree);
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().Exit(), ExitCode::kInputMissing);
  EXPECT_NE(changed.error().message.find("p_1.orig.tar.gz"), std::string::npos);
  Write("p_1.orig.tar.gz", "longer");
  EXPECT_EQ(ImportDebian("p", dsc, *blobs_, SomeTree).error().code, ErrorCode::kMismatch);
  unlink(At("p_1.orig.tar.gz").c_str());
  const auto missing = ImportDebian("p", dsc, *blobs_, SomeTree);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().Exit(), ExitCode::kInputMissing);
  EXPECT_NE(missing.error().message.find("p_1.orig.tar.gz"), std::string::npos);
  EXPECT_EQ(ImportDebian("p", At("none.dsc"), *blobs_, SomeTree).error().Exit(),
            ExitCode::kInputMissing);
}

class FetchTest : public SourceTest {
 protected:
  void SetUp() override {
    SourceTest::SetUp();
    manifest_.sources = {ManifestSource{"deb",
                                        std::string(64, 'a'),
                                        {{"a.dsc", Sha256("dsc"), 3}, {"a.tar", Sha256("tar"), 3}},
                                        DebianOrigin{"a", "1"}}};
    mkdir(At("near").c_str(), 0755);
  }
  Manifest manifest_;
};

TEST_F(FetchTest, TakesFilesFromStoreAndSearchDirectoriesByDigest) {
  ASSERT_TRUE(blobs_->PutBytes("dsc"));
  Write("near/a.tar", "no.");  // the right name and size, other bytes
  Write("near/renamed.tar", "tar");
  const auto status = FetchSourceFiles(manifest_, *blobs_, {At("none"), At("near")}, nullptr);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_TRUE(blobs_->Has(Sha256("tar")));
  EXPECT_FALSE(blobs_->Has(Sha256("no.")));
}

TEST_F(FetchTest, FetchesWhatIsMissingAndOnlyThen) {
  int calls = 0;
  const DebianFetch fetch = [&](const DebianOrigin& origin,
                                const std::string& directory) -> Status {
    ++calls;
    EXPECT_EQ(origin.package, "a");
    std::ofstream(directory + "/a.dsc") << "dsc";
    std::ofstream(directory + "/a.tar") << "tar";
    return {};
  };
  ASSERT_TRUE(FetchSourceFiles(manifest_, *blobs_, {}, fetch));
  ASSERT_TRUE(FetchSourceFiles(manifest_, *blobs_, {}, fetch));
  EXPECT_EQ(calls, 1);
}

TEST_F(FetchTest, NamesEveryFileThatIsNowhere) {
  const DebianFetch fetch = [](const DebianOrigin&, const std::string& directory) -> Status {
    std::ofstream(directory + "/a.dsc") << "dsc";
    return Error{ErrorCode::kNotFound, "404 for a.tar"};
  };
  const auto status = FetchSourceFiles(manifest_, *blobs_, {}, fetch);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().Exit(), ExitCode::kInputMissing);
  EXPECT_NE(status.error().message.find("source deb: a.tar (3 bytes, "), std::string::npos);
  EXPECT_NE(status.error().message.find("404 for a.tar"), std::string::npos);
  EXPECT_EQ(status.error().message.find("a.dsc"), std::string::npos);
  EXPECT_TRUE(blobs_->Has(Sha256("dsc")));  // what was got is kept
}

TEST_F(FetchTest, ANetworkThatDoesNotAnswerIsAnotherError) {
  const auto status = FetchSourceFiles(manifest_, *blobs_, {},
                                       [](const DebianOrigin&, const std::string&) -> Status {
                                         return Error{ErrorCode::kUnavailable, "no answer"};
                                       });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().Exit(), ExitCode::kUnavailable);
}

}  // namespace
}  // namespace farm
