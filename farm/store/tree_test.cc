#include "farm/store/tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/base/process.h"

namespace farm {
namespace {

class TreeTest : public ::testing::Test {
 protected:
  std::string top() const { return temporary_.path() + "/tree"; }
  std::string At(const std::string& path) const { return top() + "/" + path; }
  void SetUp() override { ASSERT_EQ(mkdir(top().c_str(), 0755), 0); }

  void File(const std::string& path, const std::string& content, mode_t mode = 0644) {
    std::ofstream(At(path), std::ios::binary) << content;
    ASSERT_EQ(chmod(At(path).c_str(), mode), 0);
  }
  void Directory(const std::string& path) { ASSERT_EQ(mkdir(At(path).c_str(), 0755), 0); }
  void Link(const std::string& target, const std::string& path) {
    ASSERT_EQ(symlink(target.c_str(), At(path).c_str()), 0);
  }

  // What git says of the tree; `format` is "sha1" or "sha256".
  std::string Git(const std::string& repository, const std::vector<std::string>& arguments,
                  const std::string& input = "") {
    ProcessSpec spec;
    spec.argv = {
        "git", "--git-dir=" + repository,      "--work-tree=" + top(), "-c", "core.autocrlf=false",
        "-c",  "core.attributesFile=/dev/null"};
    spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
    spec.environment = {"PATH=/usr/bin:/bin", "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1"};
    spec.working_directory = top();
    spec.standard_input = input;
    const auto result = RunProcess(spec);
    EXPECT_TRUE(result && result->ok()) << (result ? result->error_output : "");
    std::string output = result ? result->output : "";
    while (!output.empty() && output.back() == '\n') output.pop_back();
    return output;
  }
  std::string NewRepository(const std::string& format) {
    std::string path = temporary_.path() + "/" + format + ".git";
    ProcessSpec spec;
    spec.argv = {"git", "init", "-q", "--bare", "--object-format=" + format, path};
    spec.environment = {"PATH=/usr/bin:/bin", "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1"};
    const auto result = RunProcess(spec);
    EXPECT_TRUE(result && result->ok()) << (result ? result->error_output : "");
    return path;
  }
  // With `git add` and `git write-tree`: for trees without empty directories.  `info/attributes`
  // overrules a .gitattributes of the tree: the files' exact bytes are meant.
  std::string GitTree(const std::string& format) {
    const std::string repository = NewRepository(format);
    std::ofstream(repository + "/info/attributes") << "* -text -filter -ident -eol"
                                                   << " -working-tree-encoding\n";
    Git(repository, {"add", "--all", "--force", "."});
    return Git(repository, {"write-tree"});
  }
  void ExpectAsGit() {
    const auto identity = IdentifyTreeAt(top());
    ASSERT_TRUE(identity) << identity.error().message;
    EXPECT_EQ(identity->sha256, GitTree("sha256"));
    EXPECT_EQ(identity->sha1, GitTree("sha1"));
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
};

TEST_F(TreeTest, TheEmptyDirectoryIsTheEmptyTree) {
  const auto identity = IdentifyTreeAt(top());
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->sha1, "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
  EXPECT_EQ(identity->sha256, "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321");
  EXPECT_EQ(identity->Swhid(), "swh:1:dir:4b825dc642cb6eb9a060e54bf8d69288fbee4904");
}

TEST_F(TreeTest, ModesAreOnlyWhetherTheOwnerMayExecute) {
  File("plain", "a", 0644);
  File("secret", "b", 0600);
  File("open", "c", 0666);
  File("run", "d", 0755);
  File("run_owner", "e", 0700);
  File("others_run", "f", 0655);
  ExpectAsGit();
}

TEST_F(TreeTest, DirectoriesSortAsIfTheyEndedInASlash) {
  File("a.txt", "1");
  File("a-b", "2");
  Directory("a");
  File("a/x", "3");
  File("a0", "4");
  File("aa", "5");
  ExpectAsGit();
}

TEST_F(TreeTest, LinksAreTheirText) {
  File("target", "x");
  Directory("d");
  Link("target", "inward");
  Link("../target", "d/up");
  Link("/etc/passwd", "absolute");
  Link("nowhere", "dangling");
  Link("d", "to_directory");
  ExpectAsGit();
}

TEST_F(TreeTest, NamesAreBytes) {
  File("\xff\xfe", "not UTF-8");
  File("caf\xc3\xa9", "composed");
  File("cafe\xcc\x81", "decomposed");
  File("line\nbreak", "x");
  File(" blank ", "x");
  File("quote\"back\\slash", "x");
  ExpectAsGit();
}

TEST_F(TreeTest, AttributesOfTheTreeChangeNothing) {
  File(".gitattributes", "*.txt text eol=crlf\n*.id ident\n*.x export-ignore\n");
  File("windows.txt", "a\r\nb\r\n");
  File("unix.txt", "a\nb\n");
  File("key.id", "$Id: 123$\n");
  File("left.x", "x");
  File(".gitignore", "ignored\n");
  File("ignored", "but here");
  ExpectAsGit();
}

TEST_F(TreeTest, ContentIsAnyBytesAndLargerThanOnePiece) {
  File("zero", std::string("\0\0\0", 3));
  File("empty", "");
  File("large", std::string((3 << 20) + 7, 'q'));
  ExpectAsGit();
}

TEST_F(TreeTest, EmptyDirectoriesAreKeptAsEmptyTrees) {
  Directory("kept");
  Directory("kept/inner");
  File("file", "x");
  const auto identity = IdentifyTreeAt(top());
  ASSERT_TRUE(identity);
  for (const std::string format : {"sha1", "sha256"}) {
    const std::string repository = NewRepository(format);
    const std::string empty = Git(repository, {"mktree"});
    const std::string kept = Git(repository, {"mktree"}, "040000 tree " + empty + "\tinner\n");
    const std::string blob = Git(repository, {"hash-object", "-w", "--stdin"}, "x");
    const std::string tree = Git(
        repository, {"mktree"}, "100644 blob " + blob + "\tfile\n040000 tree " + kept + "\tkept\n");
    EXPECT_EQ(format == "sha1" ? identity->sha1 : identity->sha256, tree) << format;
  }
}

TEST_F(TreeTest, DeepTreesNeedNoStack) {
  std::string path;
  for (int i = 0; i < 300; ++i) {
    path += i == 0 ? "d" : "/d";
    Directory(path);
  }
  File(path + "/f", "deep");
  ExpectAsGit();
}

TEST_F(TreeTest, RefusesDepthPastTheLimit) {
  int directory = open(top().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int i = 0; i < kTreeDepthMax + 1; ++i) {
    if (i == kTreeDepthMax) {
      EXPECT_TRUE(IdentifyTreeAt(top()));
    }
    ASSERT_EQ(mkdirat(directory, "d", 0755), 0);
    const int next = openat(directory, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close(directory);
    directory = next;
  }
  close(directory);
  const auto identity = IdentifyTreeAt(top());
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().code, ErrorCode::kLimitExceeded);
}

TEST_F(TreeTest, RefusesADeviceByName) {
  ASSERT_EQ(mkfifo(At("pipe").c_str(), 0644), 0);
  const auto identity = IdentifyTreeAt(top());
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().code, ErrorCode::kInvalidInput);
  EXPECT_NE(identity.error().message.find("pipe"), std::string::npos);
}

TEST_F(TreeTest, NamesAMissingDirectory) {
  EXPECT_EQ(IdentifyTreeAt(At("none")).error().code, ErrorCode::kNotFound);
}

TEST_F(TreeTest, AdmitsAnOrdinaryTree) {
  Directory("src");
  File("src/main.c", "int main;");
  File("README", "x");
  File("caf\xc3\xa9", "x");
  File(".gitignore", "x");
  Link("../README", "src/README");
  const auto status = CheckTreeAdmissibleAt(top());
  EXPECT_TRUE(status) << status.error().message;
}

TEST_F(TreeTest, RefusesByNameWhatOtherSystemsCannotCarry) {
  Directory("d");
  File("d/Readme", "x");
  File("d/README", "x");
  File("caf\xc3\xa9", "x");
  File("cafe\xcc\x81", "x");
  File("\xff", "x");
  Directory("d/.GIT");
  Link("/etc/passwd", "absolute");
  Link("../../outside", "d/escaping");
  ASSERT_EQ(mkfifo(At("pipe").c_str(), 0644), 0);
  const auto status = CheckTreeAdmissibleAt(top());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kInvalidInput);
  for (const char* part : {"d/Readme", "cafe\\xcc\\x81", "\\xff: the name is not UTF-8", "d/.GIT",
                           "absolute: a link to /etc/passwd", "d/escaping", "pipe: a device"}) {
    EXPECT_NE(status.error().message.find(part), std::string::npos) << part << " in\n"
                                                                    << status.error().message;
  }
  EXPECT_EQ(Split(status.error().message, '\n').size(), 7u) << status.error().message;
}

TEST_F(TreeTest, RefusesControlCharactersInNamesByName) {
  const struct {
    const char* name;
    std::string file;
    const char* said;  // nullptr: admitted
  } rows[] = {
      {"newline", "line\nbreak", "line\\x0abreak: a control character in the name"},
      {"tab", "tab\t", "tab\\x09: a control character in the name"},
      {"escape", "\x1b[2J", "\\x1b[2J: a control character in the name"},
      {"lowest", "\x01", "\\x01: a control character in the name"},
      {"highest", "\x1f", "\\x1f: a control character in the name"},
      {"delete", "\x7f", "\\x7f: a control character in the name"},
      {"blank", " ", nullptr},
      {"tilde", "~", nullptr},
      {"not_ascii", "\xc2\xa0", nullptr},  // its bytes are above 0x7f
  };
  for (const auto& row : rows) {
    Directory(row.name);
    File(std::string(row.name) + "/" + row.file, "x");
    const auto status = CheckTreeAdmissibleAt(At(row.name));
    ASSERT_EQ(status.has_value(), row.said == nullptr) << row.name;
    if (status) continue;
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidInput) << row.name;
    EXPECT_NE(status.error().message.find(row.said), std::string::npos)
        << row.name << ": " << status.error().message;
  }
  Directory("outer");
  Directory("outer/line\nbreak");  // directories are named as files are
  EXPECT_FALSE(CheckTreeAdmissibleAt(At("outer")));
}

TEST_F(TreeTest, RefusesHardLinksByEachName) {
  Directory("src");
  Directory("tests");
  File("src/main.c", "int main;");
  File("src/other.c", "int main;");
  File("tests/sample.c", "int main;");
  EXPECT_TRUE(CheckTreeAdmissibleAt(top()));
  const auto separate = IdentifyTreeAt(top());
  ASSERT_TRUE(separate);
  ASSERT_EQ(unlink(At("tests/sample.c").c_str()), 0);
  ASSERT_EQ(link(At("src/main.c").c_str(), At("tests/sample.c").c_str()), 0);
  EXPECT_EQ(*IdentifyTreeAt(top()), *separate);  // which is why
  const auto status = CheckTreeAdmissibleAt(top());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kInvalidInput);
  const std::string why = ": is a hard link to another file; sources must hold separate files";
  EXPECT_EQ(status.error().message, top() + ": src/main.c" + why + "\ntests/sample.c" + why);
}

TEST_F(TreeTest, RefusesSpecialBitsOfFilesAndAdmitsOtherModes) {
  const struct {
    const char* name;
    mode_t mode;
    bool admitted;
  } rows[] = {
      {"usual", 0644, true},        {"program", 0755, true},   {"read_only", 0400, true},
      {"group_writes", 0664, true}, {"everybody", 0777, true}, {"setuid", 04755, false},
      {"setgid", 02755, false},     {"sticky", 01644, false},  {"setgid_and_sticky", 03777, false},
  };
  for (const auto& row : rows) {
    Directory(row.name);
    File(std::string(row.name) + "/file", "x", row.mode);
    const auto status = CheckTreeAdmissibleAt(At(row.name));
    ASSERT_EQ(status.has_value(), row.admitted) << row.name;
    if (status) continue;
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidInput) << row.name;
    EXPECT_EQ(status.error().message,
              At(row.name) + ": file: has a setuid, setgid or sticky bit; want none");
  }
  Directory("shared");
  ASSERT_EQ(chmod(At("shared").c_str(), 03777), 0);
  EXPECT_TRUE(CheckTreeAdmissibleAt(At("shared")));
}

TEST(Link, StaysInsideOrNot) {
  EXPECT_TRUE(LinkStaysInside("a", "b"));
  EXPECT_TRUE(LinkStaysInside("a/b", "../c"));
  EXPECT_TRUE(LinkStaysInside("a/b", ".."));
  EXPECT_TRUE(LinkStaysInside("a", "."));
  EXPECT_TRUE(LinkStaysInside("a", "b/../c"));
  EXPECT_FALSE(LinkStaysInside("a", ".."));
  EXPECT_FALSE(LinkStaysInside("a/b", "../../c"));
  EXPECT_FALSE(LinkStaysInside("a", "b/../../c/d"));
  EXPECT_FALSE(LinkStaysInside("a", "/a"));
  EXPECT_FALSE(LinkStaysInside("a", ""));
}

}  // namespace
}  // namespace farm
