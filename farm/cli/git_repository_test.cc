#include "farm/cli/git_repository.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/store/tree.h"

namespace farm {
namespace {

class GitRepositoryTest : public testing::Test {
 protected:
  GitRepositoryTest() {
    EXPECT_TRUE(MakeDirectories(At(""), 0755));
    const Status made = MakeGitRepository(repository_);
    EXPECT_TRUE(made) << made.error().message;
  }
  std::string At(const std::string& path) const {
    return JoinPath(JoinPath(temporary_.path(), "tree"), path);
  }
  void File(const std::string& path, const std::string& content, mode_t mode = 0644) {
    EXPECT_TRUE(MakeDirectories(DirectoryName(At(path)), 0755));
    std::ofstream(At(path), std::ios::binary) << content;
    ASSERT_EQ(chmod(At(path).c_str(), mode), 0);
  }
  void Link(const std::string& target, const std::string& path) {
    ASSERT_EQ(symlink(target.c_str(), At(path).c_str()), 0);
  }
  void Directory(const std::string& path) { EXPECT_TRUE(MakeDirectories(At(path), 0755)); }

  // What git, which reads no configuration, says of the repository.
  ProcessResult Git(const std::vector<std::string>& words) {
    ProcessSpec spec;
    spec.argv = {"git", "-C", repository_};
    spec.argv.insert(spec.argv.end(), words.begin(), words.end());
    spec.environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/nonexistent",
                        "GIT_CONFIG_NOSYSTEM=1"};
    const auto result = RunProcess(spec);
    EXPECT_TRUE(result && result->ok()) << (result ? result->error_output : "no git");
    return result ? *result : ProcessResult();
  }
  // Makes a branch of the tree; it is the tree that is approved, in git's eyes too.
  void ExpectTheApprovedTree(const std::string& name = "library") {
    const auto tree = AddGitBranch(repository_, At(""), {name, "library 1.0\n", 1735689600, ""});
    ASSERT_TRUE(tree) << tree.error().message;
    EXPECT_EQ(*tree, IdentifyTreeAt(At("")).value().sha256);
    EXPECT_EQ(Git({"rev-parse", name + "^{tree}"}).output, *tree + "\n");
    const ProcessResult check = Git({"fsck", "--strict", "--no-dangling", name});
    EXPECT_EQ(check.output + check.error_output, "");
  }

  TemporaryDirectory temporary_ = TemporaryDirectory::Make("").value();
  const std::string repository_ = JoinPath(temporary_.path(), "repository");
};

TEST_F(GitRepositoryTest, AnEmptyTree) { ExpectTheApprovedTree(); }

TEST_F(GitRepositoryTest, ModesAreOnlyWhetherTheOwnerMayExecute) {
  File("plain", "a", 0644);
  File("run", "b", 0755);
  File("secret", "c", 0600);
  File("open", "d", 0666);
  File("run_owner", "e", 0700);
  File("others_run", "f", 0655);
  ExpectTheApprovedTree();
  EXPECT_EQ(Git({"ls-tree", "--format=%(objectmode) %(path)", "library"}).output,
            "100644 open\n100644 others_run\n100644 plain\n100755 run\n100755 run_owner\n"
            "100644 secret\n");
}

TEST_F(GitRepositoryTest, LinksAreTheirText) {
  File("directory/target", "x");
  Link("directory/target", "inward");
  Link("../directory", "directory/up");
  Link("nowhere", "dangling");
  Link("line\nbreak", "odd_text");
  ExpectTheApprovedTree();
  EXPECT_EQ(Git({"cat-file", "-p", "library:inward"}).output, "directory/target");
}

TEST_F(GitRepositoryTest, EmptyDirectoriesAreThere) {
  File("file", "x");
  Directory("kept/inner");
  Directory("also");
  ExpectTheApprovedTree();
  EXPECT_EQ(Git({"cat-file", "-t", "library:kept/inner"}).output, "tree\n");
}

TEST_F(GitRepositoryTest, NamesAreTheirBytes) {
  File("caf\xc3\xa9", "composed");
  File("\xe5\xba\x93/\xf0\x9f\x93\xa6", "outside the first plane");
  File(" blank ", "x");
  File("\"quoted\"", "x");
  File("back\\slash", "x");
  File("-dash", "x");
  File("tab\there", "x");
  ExpectTheApprovedTree();
  EXPECT_EQ(Git({"cat-file", "-p", "library:caf\xc3\xa9"}).output, "composed");
}

TEST_F(GitRepositoryTest, DirectoriesSortAsIfTheyEndedInASlash) {
  File("a.txt", "1");
  File("a-b", "2");
  File("a/x", "3");
  File("a0", "4");
  File("aa/a", "5");
  ExpectTheApprovedTree();
}

TEST_F(GitRepositoryTest, AttributesOfTheTreeRewriteNothing) {
  const std::string attributes = "*.txt text eol=crlf\n*.id ident\n*.x export-ignore\n";
  File(".gitattributes", attributes);
  File("windows.txt", "a\r\nb\r\n");
  File("unix.txt", "a\nb\n");
  File("key.id", "$Id: 123$\n");
  File("left.x", "x");
  File(".gitignore", "ignored\n");
  File("ignored", "but here");
  ExpectTheApprovedTree();
  EXPECT_EQ(Git({"cat-file", "-p", "library:windows.txt"}).output, "a\r\nb\r\n");
  EXPECT_EQ(Git({"cat-file", "-p", "library:key.id"}).output, "$Id: 123$\n");
}

TEST_F(GitRepositoryTest, DeepNesting) {
  std::string path;
  for (int i = 0; i < 24; ++i) path += "deep/";
  File(path + "file", "x");
  File("deep/deep/beside", "y");
  ExpectTheApprovedTree();
}

TEST_F(GitRepositoryTest, ContentIsAnyBytes) {
  File("zero", std::string("\0\0\0", 3));
  File("empty", "");
  File("large", std::string((3 << 20) + 7, 'q'));
  ExpectTheApprovedTree();
}

TEST_F(GitRepositoryTest, EachSourceIsABranchOfItsOwn) {
  File("file", "one");
  ExpectTheApprovedTree("one");
  File("file", "two");
  ExpectTheApprovedTree("two");
  EXPECT_EQ(Git({"log", "--format=%s %at", "one"}).output, "library 1.0 1735689600\n");
  EXPECT_EQ(Git({"cat-file", "-p", "one:file"}).output, "one");
}

TEST_F(GitRepositoryTest, AnotherTreeThanWantedBecomesNoBranch) {
  File("file", "x");
  const std::string wanted(64, '0');
  const auto tree = AddGitBranch(repository_, At(""), {"library", "library 1.0\n", 0, wanted});
  ASSERT_FALSE(tree);
  EXPECT_EQ(tree.error().Exit(), ExitCode::kInputMissing);
  EXPECT_NE(tree.error().message.find(wanted), std::string::npos);
  EXPECT_EQ(Git({"for-each-ref"}).output, "");
}

TEST_F(GitRepositoryTest, RefusesANewlineInANameByName) {
  File("line\nbreak", "x");
  const auto tree = AddGitBranch(repository_, At(""), {"library", "library 1.0\n", 0, ""});
  ASSERT_FALSE(tree);
  EXPECT_EQ(tree.error().code, ErrorCode::kInvalidInput);
  EXPECT_NE(tree.error().message.find("line\\x0abreak"), std::string::npos);
}

}  // namespace
}  // namespace farm
