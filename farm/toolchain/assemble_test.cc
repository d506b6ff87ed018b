#include "farm/toolchain/assemble.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <vector>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "tests/support/crash_files.h"

namespace farm {
namespace {

// A launcher that writes a fixed tar and image instead of assembling, with faults to switch on.
class AssembleTest : public testing::Test {
 protected:
  AssembleTest() : directory_(TemporaryDirectory::Make("").value()) {
    request_.directory = Path("root");
    LockRequest& requested = request_.lock.requested;
    requested = {"amd64", 1735689600, true, {"gcc"}, "", {"bookworm"}};
    for (const char* name : {"gcc", "libc6"}) {
      const std::string bytes = std::string("the package ") + name;
      const Digest digest = Sha256(bytes);
      request_.lock.packages.push_back({name, "1", "amd64", digest,
                                        static_cast<std::int64_t>(bytes.size()),
                                        std::string("pool/") + name + ".deb"});
      request_.packages[digest] = Path(name);
      EXPECT_TRUE(WriteDurably(RealFileSystem(), Path(name), bytes));
    }
    request_.lock.root_tar = Sha256("tar");
    request_.lock.image = Sha256("image");
    request_.lock.image_size = 5;
    sandbox_.launcher = "farm-sandbox";
    sandbox_.run = [this](const ProcessSpec& spec) { return Run(spec); };
  }

  std::string Path(const std::string& name) { return JoinPath(directory_.path(), name); }

  Result<ProcessResult> Run(const ProcessSpec& spec) {
    ProcessResult result;
    result.exit_code = 0;
    if (spec.argv[1] == "remove") {
      EXPECT_TRUE(RemoveTree(spec.argv.back()));
      return result;
    }
    const std::string work = After(spec.argv, "--work");
    if (const std::string tree = After(spec.argv, "--bind-ro"); tree.ends_with("/root")) {
      return MakeImageOfTree(spec, tree, work);
    }
    ++assemblies_;
    argv_ = spec.argv;
    const std::string repository = DirectoryName(work) + "/repository";
    list_ = ReadFile(repository + "/packages.list", 1 << 20).value();
    EXPECT_EQ(ReadFile(repository + "/assemble.sh", 1 << 20).value(), AssembleScript());
    if (!result_.empty()) {
      result.exit_code = 40;
      result.output = result_;
      result.error_output = words_;
      return result;
    }
    EXPECT_TRUE(WriteDurably(RealFileSystem(), work + "/root.tar", tar_));
    EXPECT_TRUE(WriteDurably(RealFileSystem(), work + "/root.erofs", image_));
    if (argv_.back() == "tree") {
      EXPECT_TRUE(MakeDirectories(work + "/root/usr", 0755));
      EXPECT_TRUE(WriteDurably(RealFileSystem(), work + "/root/usr/cc", tree_));
    }
    return result;
  }

  // The image of a tree is, here, what its one file says.
  Result<ProcessResult> MakeImageOfTree(const ProcessSpec& spec, const std::string& tree,
                                        const std::string& work) {
    ++checks_;
    ProcessResult result;
    if (spec.cancelled && spec.cancelled()) {
      result.cancelled = true;
      return result;
    }
    if (!result_.empty()) {
      result.exit_code = 40;
      result.output = result_;
      return result;
    }
    const std::string image = ReadFile(tree + "/usr/cc", 100).value();
    EXPECT_TRUE(WriteDurably(RealFileSystem(), work + "/root.erofs", image));
    result.exit_code = 0;
    return result;
  }

  static std::string After(const std::vector<std::string>& argv, const std::string& word) {
    return *(std::find(argv.begin(), argv.end(), word) + 1);
  }

  Result<Assembled> Find(const Lock& lock) {
    return FindAssembled(lock, request_.directory, request_.keeps, sandbox_);
  }

  // What DIR/assembled.json says.
  Json Facts() { return *ParseJson(*ReadFile(Path("root/assembled.json"), 4096), "facts"); }
  void WriteFacts(const Json& facts) {
    EXPECT_TRUE(
        WriteDurably(RealFileSystem(), Path("root/assembled.json"), WriteCanonicalJson(facts)));
  }

  bool NothingIsLeft() { return !FileExists(Path("root")) && !FileExists(Path("root.partial")); }

  TemporaryDirectory directory_;
  AssembleRequest request_;
  AssemblySandbox sandbox_;
  std::vector<std::string> argv_;
  std::string list_;
  std::string tar_ = "tar";
  std::string image_ = "image";
  std::string tree_ = "image";
  std::string result_;
  std::string words_ = "assemble: tar\nassemble: it went wrong\n";  // of a `result_`
  int assemblies_ = 0;
  int checks_ = 0;  // of a kept tree
};

TEST(AssembleScript, IsTheFileOfThisFolder) {
  EXPECT_EQ(AssembleScript(), ReadFile("farm/toolchain/assemble.sh", 1 << 20).value());
}

TEST_F(AssembleTest, KeepsWhatIsAskedForAndFindsItAgain) {
  request_.keeps.image = true;
  request_.keeps.tree = true;
  const Result<Assembled> made = AssembleRoot(request_, sandbox_, {});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->image_path, Path("root/root.erofs"));
  EXPECT_EQ(made->tree_path, Path("root/root"));
  EXPECT_EQ(made->tar_path, "");
  EXPECT_EQ(ReadFile(made->image_path, 10).value(), "image");
  EXPECT_FALSE(FileExists(Path("root/root.tar")));
  EXPECT_FALSE(FileExists(Path("root.partial")));
  EXPECT_EQ(list_, PackagesList(request_.lock));
  EXPECT_EQ(list_, "gcc 1 amd64 " + Sha256("the package gcc").Hex() + " 15 " +
                       Sha256("the package gcc").Hex() + ".deb\nlibc6 1 amd64 " +
                       Sha256("the package libc6").Hex() + " 17 " +
                       Sha256("the package libc6").Hex() + ".deb\n");

  const auto found = FindAssembled(request_.lock, request_.directory, request_.keeps, sandbox_);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->image, made->image);
  EXPECT_EQ(found->tree_path, made->tree_path);
  EXPECT_EQ(
      FindAssembled(request_.lock, request_.directory, {true, true, true}, sandbox_).error().code,
      ErrorCode::kNotFound);
}

TEST_F(AssembleTest, RunsTheAssemblerInItsOwnProfile) {
  sandbox_.subid_base = 700000;
  sandbox_.subid_count = 65536;
  ASSERT_TRUE(AssembleRoot(request_, sandbox_, {}));
  const auto has = [this](std::vector<std::string> words) {
    return std::search(argv_.begin(), argv_.end(), words.begin(), words.end()) != argv_.end();
  };
  EXPECT_TRUE(has({"--profile", "assembly"}));
  EXPECT_TRUE(has({"--subids", "700000:65536"}));
  EXPECT_TRUE(has({"--bind-ro", Path("root.partial/repository"), "/mnt"}));
  EXPECT_TRUE(has({"--", "/bin/bash", "/mnt/assemble.sh", "/mnt", "/build", "bookworm", "amd64",
                   "1735689600", "tar", "image"}));
  EXPECT_EQ(argv_.back(), "image");
}

TEST_F(AssembleTest, RefusesAnotherPackageBeforeAnythingRuns) {
  struct Case {
    const char* name;
    std::function<void()> break_it;
    const char* message;
  };
  const Case cases[] = {
      {"changed",
       [this] { EXPECT_TRUE(WriteDurably(RealFileSystem(), Path("gcc"), "the package gcC")); },
       "package gcc 1: want sha256:"},
      {"missing", [this] { EXPECT_TRUE(RemoveTree(Path("gcc"))); }, "package gcc 1: sha256:"},
      {"not_given", [this] { request_.packages.clear(); }, "package gcc 1: sha256:"},
      {"other_size", [this] { request_.lock.packages[0].size = 3; }, "want 3 bytes, found 15"},
  };
  for (const Case& one : cases) {
    EXPECT_TRUE(WriteDurably(RealFileSystem(), Path("gcc"), "the package gcc"));
    const AssembleRequest good = request_;
    one.break_it();
    const Result<Assembled> made = AssembleRoot(request_, sandbox_, {});
    request_ = good;
    ASSERT_FALSE(made) << one.name;
    EXPECT_EQ(made.error().Exit(), ExitCode::kInputMissing) << one.name;
    EXPECT_NE(made.error().message.find(one.message), std::string::npos) << made.error().message;
    EXPECT_TRUE(argv_.empty()) << one.name;
    EXPECT_TRUE(NothingIsLeft()) << one.name;
  }
}

TEST_F(AssembleTest, RefusesAnotherTarOrImageAndNamesBothDigests) {
  for (std::string* part : {&tar_, &image_}) {
    const std::string good = *part;
    *part += "!";
    const Result<Assembled> made = AssembleRoot(request_, sandbox_, {});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::kMismatch);
    EXPECT_EQ(made.error().Exit(), ExitCode::kInputMissing);
    EXPECT_NE(made.error().message.find(Sha256(good).Text()), std::string::npos);
    EXPECT_NE(made.error().message.find(Sha256(*part).Text()), std::string::npos);
    EXPECT_TRUE(NothingIsLeft());
    *part = good;
  }
}

TEST_F(AssembleTest, ADraftTakesWhatComesOut) {
  const Lock complete = request_.lock;
  request_.lock.root_tar = Digest();
  request_.lock.image = Digest();
  request_.lock.image_size = 0;
  const Result<Assembled> made = AssembleRoot(request_, sandbox_, {});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(CompleteLock(request_.lock, *made), complete);
  EXPECT_EQ(made->lock, LockDigest(complete));
  EXPECT_TRUE(Find(complete));
}

TEST_F(AssembleTest, AnEmptyImageIsNoDraftsEither) {
  request_.lock.root_tar = Digest();
  request_.lock.image = Digest();
  request_.lock.image_size = 0;
  image_.clear();
  const Result<Assembled> made = AssembleRoot(request_, sandbox_, {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kMismatch);
  EXPECT_TRUE(NothingIsLeft());
}

TEST_F(AssembleTest, SaysHowTheAssemblerFailed) {
  struct Case {
    const char* name;
    const char* result;
    ExitCode exit;
    const char* message;
  };
  const Case cases[] = {
      {"tool", R"({"ended":"exited","exit_code":70})", ExitCode::kUnavailable, "it went wrong"},
      {"package", R"({"ended":"exited","exit_code":22})", ExitCode::kInputMissing, "it went"},
      {"sandbox", R"({"ended":"error","exit_code":0,"message":"no newuidmap"})",
       ExitCode::kUnavailable, "no newuidmap"},
      {"limit", R"({"ended":"limit","limit":"wall"})", ExitCode::kUnavailable, "limit wall"},
      {"no_answer", "?", ExitCode::kUnavailable, "it went wrong"},
  };
  for (const Case& one : cases) {
    result_ = one.result;
    const Result<Assembled> made = AssembleRoot(request_, sandbox_, {});
    ASSERT_FALSE(made) << one.name;
    EXPECT_EQ(made.error().Exit(), one.exit) << one.name;
    EXPECT_NE(made.error().message.find(one.message), std::string::npos) << made.error().message;
    EXPECT_TRUE(NothingIsLeft()) << one.name;
  }
}

TEST_F(AssembleTest, RemovesWhatACrashHasLeft) {
  ASSERT_TRUE(MakeDirectories(Path("root.partial/build/work"), 0755));
  EXPECT_TRUE(AssembleRoot(request_, sandbox_, {}));
  ASSERT_TRUE(RemoveAssembled(request_.directory, sandbox_));
  EXPECT_TRUE(NothingIsLeft());
}

TEST_F(AssembleTest, AFullDiskLeavesNothingAndIsSaidAsExit30) {
  ASSERT_TRUE(AssembleRoot(request_, sandbox_, {}));
  const std::string earlier = request_.directory;
  request_.directory = Path("second");
  const std::string package = Sha256("the package gcc").Hex() + ".deb";
  ASSERT_EQ(chmod(Path("gcc").c_str(), 0600), 0);  // so it is copied, not linked
  CrashFiles files;
  sandbox_.files = &files;
  const std::uint64_t list = 15 + PackagesList(request_.lock).size();
  const struct {
    std::uint64_t fits;
    std::string file;  // for which there is no room
  } cases[] = {
      {0, package},
      {14, package},
      {15, "packages.list"},
      {list, "assemble.sh"},
      {list + AssembleScript().size() + 1, "assembled.json"},
  };
  for (const auto& one : cases) {
    files.FillAfter(one.fits);
    const Result<Assembled> made = AssembleRoot(request_, sandbox_, {});
    ASSERT_FALSE(made) << one.file;
    EXPECT_EQ(made.error().Exit(), ExitCode::kUnavailable) << one.file;
    for (const std::string& word : {one.file, std::string("No space left")}) {
      EXPECT_NE(made.error().message.find(word), std::string::npos) << made.error().message;
    }
    EXPECT_FALSE(FileExists(Path("second")) || FileExists(Path("second.partial"))) << one.file;
    EXPECT_TRUE(FindAssembled(request_.lock, earlier, request_.keeps, sandbox_)) << one.file;
    files.Revive();
  }
  const Result<Assembled> made = AssembleRoot(request_, sandbox_, {});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(Find(request_.lock));
}

// As mmdebstrap says it, within the sandbox.
TEST_F(AssembleTest, AnAssemblerWithoutRoomIsExit30WithItsLastWords) {
  result_ = R"({"ended":"exited","exit_code":70})";
  words_ = "tar: /build/work: Cannot write: No space left on device\nassemble: mmdebstrap failed\n";
  const Result<Assembled> made = AssembleRoot(request_, sandbox_, {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().Exit(), ExitCode::kUnavailable);
  EXPECT_NE(made.error().message.find("/build/work: Cannot write: No space left"),
            std::string::npos)
      << made.error().message;
  EXPECT_TRUE(NothingIsLeft());
  result_.clear();
  EXPECT_TRUE(AssembleRoot(request_, sandbox_, {}));
}

TEST_F(AssembleTest, ATreeThatIsNotTheImagesIsNotKept) {
  request_.keeps.tree = true;
  tree_ = "imagE";
  const Result<Assembled> made = AssembleRoot(request_, sandbox_, {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kMismatch);
  EXPECT_EQ(made.error().Exit(), ExitCode::kInputMissing);
  EXPECT_NE(made.error().message.find(Sha256("imagE").Text()), std::string::npos);
  EXPECT_TRUE(NothingIsLeft());
  tree_ = "image";
  checks_ = 0;
  EXPECT_TRUE(AssembleRoot(request_, sandbox_, {}));
  EXPECT_EQ(checks_, 1);
}

TEST_F(AssembleTest, AKeptTreeThatHasChangedIsNotUsed) {
  request_.keeps.tree = true;
  ASSERT_TRUE(AssembleRoot(request_, sandbox_, {}));
  const auto find = [this] {
    return FindAssembled(request_.lock, request_.directory, request_.keeps, sandbox_);
  };
  checks_ = 0;
  ASSERT_TRUE(find());
  EXPECT_EQ(checks_, 1);
  EXPECT_FALSE(FileExists(Path("root.check")));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), Path("root/root/usr/cc"), "imagE"));
  const auto changed = find();
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, ErrorCode::kMismatch);
  EXPECT_EQ(changed.error().Exit(), ExitCode::kInputMissing);
  EXPECT_NE(changed.error().message.find(Sha256("imagE").Text()), std::string::npos);
  EXPECT_FALSE(FileExists(Path("root.check")));
  ASSERT_TRUE(WriteDurably(RealFileSystem(), Path("root/root/usr/cc"), "image"));
  EXPECT_TRUE(find());
}

TEST_F(AssembleTest, AKeptTreeThatCannotBeCheckedIsNotUsed) {
  request_.keeps.tree = true;
  ASSERT_TRUE(AssembleRoot(request_, sandbox_, {}));
  const auto exit_of_find = [this] {
    const auto found = FindAssembled(request_.lock, request_.directory, request_.keeps, sandbox_);
    return found ? ExitCode::kProved : found.error().Exit();
  };
  result_ = R"({"ended":"exited","exit_code":22})";  // another time than the epoch
  EXPECT_EQ(exit_of_find(), ExitCode::kInputMissing);
  result_ = R"({"ended":"error","exit_code":0,"message":"no newuidmap"})";
  EXPECT_EQ(exit_of_find(), ExitCode::kUnavailable);
  result_.clear();
  sandbox_.cancelled = [] { return true; };
  EXPECT_EQ(exit_of_find(), ExitCode::kCancelled);
  EXPECT_FALSE(FileExists(Path("root.check")));
}

TEST_F(AssembleTest, AKeptTreeIsMadeIntoAnImageAsTheAssemblerDoesIt) {
  request_.keeps.tree = true;
  ASSERT_TRUE(AssembleRoot(request_, sandbox_, {}));
  std::string script;
  const RunCommand run = sandbox_.run;
  sandbox_.run = [&](const ProcessSpec& spec) {
    if (spec.argv[1] == "run") script = After(spec.argv, "-c");
    return run(spec);
  };
  ASSERT_TRUE(FindAssembled(request_.lock, request_.directory, request_.keeps, sandbox_));
  for (const char* shared :
       {"IMAGE_UUID=dc713512-ec3b-8a46-866a-87a1025925ea",
        "mkfs.erofs --quiet -x -1 -T \"$SOURCE_DATE_EPOCH\" -U \"$IMAGE_UUID\""}) {
    EXPECT_NE(script.find(shared), std::string::npos) << shared;
    EXPECT_NE(AssembleScript().find(shared), std::string::npos) << shared;
  }
}

TEST_F(AssembleTest, ALockOfOtherPackagesDoesNotGetTheRootThatItClaims) {
  struct Case {
    const char* name;
    std::function<void(Lock&)> change;
  };
  const Case cases[] = {
      {"one_package_less", [](Lock& lock) { lock.packages.pop_back(); }},
      {"another_package", [](Lock& lock) { lock.packages[0].sha256 = Sha256("a clean gcc"); }},
      {"another_version", [](Lock& lock) { lock.packages[0].version = "2"; }},
      {"another_request", [](Lock& lock) { lock.requested.suites.push_back("bookworm-test"); }},
  };
  request_.keeps.image = true;
  request_.keeps.tree = true;
  ASSERT_TRUE(AssembleRoot(request_, sandbox_, {}));
  for (const Case& one : cases) {
    Lock other = request_.lock;
    one.change(other);
    const auto found = Find(other);
    ASSERT_FALSE(found) << one.name;
    EXPECT_EQ(found.error().code, ErrorCode::kMismatch) << one.name;
    EXPECT_EQ(found.error().Exit(), ExitCode::kInputMissing) << one.name;
    EXPECT_NE(found.error().message.find(LockDigest(other).Text()), std::string::npos) << one.name;
  }
  const auto same = Find(request_.lock);
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(same->lock, LockDigest(request_.lock));
  EXPECT_EQ(assemblies_, 1);
}

TEST_F(AssembleTest, ARootWithoutTheDigestOfItsLockIsNotUsed) {
  request_.keeps.image = true;
  ASSERT_TRUE(AssembleRoot(request_, sandbox_, {}));
  const Json good = Facts();
  Json changed = good;
  changed.erase("lock");
  WriteFacts(changed);
  EXPECT_EQ(Find(request_.lock).error().code, ErrorCode::kNotFound);
  changed["lock"] = Sha256("another lock").Text();
  WriteFacts(changed);
  EXPECT_EQ(Find(request_.lock).error().code, ErrorCode::kMismatch);
  changed["lock"] = "";
  WriteFacts(changed);
  EXPECT_EQ(Find(request_.lock).error().code, ErrorCode::kInvalidInput);
  WriteFacts(good);
  EXPECT_TRUE(Find(request_.lock));
}

TEST_F(AssembleTest, NotesTheExampleOfTheFormat) {
  const std::string format = ReadFile("farm/toolchain/FORMAT.md", 1 << 20).value();
  const std::string start = "```assembled\n";
  const std::size_t begin = format.find(start) + start.size();
  const std::string example = format.substr(begin, format.find("\n```", begin) - begin);
  ASSERT_TRUE(AssembleRoot(request_, sandbox_, {}));
  Json facts = Facts();
  facts["milliseconds"] = 23656;
  EXPECT_EQ(WriteCanonicalJson(facts), example);
  ASSERT_TRUE(WriteDurably(RealFileSystem(), Path("root/assembled.json"), example));
  EXPECT_TRUE(Find(request_.lock));
}

TEST_F(AssembleTest, FindingNoticesWhatChangedOnDiskAndAnotherLock) {
  request_.keeps.image = true;
  ASSERT_TRUE(AssembleRoot(request_, sandbox_, {}));
  Lock other = request_.lock;
  other.image = Sha256("other");
  EXPECT_EQ(FindAssembled(other, request_.directory, request_.keeps, sandbox_).error().code,
            ErrorCode::kMismatch);
  ASSERT_TRUE(WriteDurably(RealFileSystem(), Path("root/root.erofs"), "imagE"));
  EXPECT_EQ(FindAssembled(request_.lock, request_.directory, request_.keeps, sandbox_).error().code,
            ErrorCode::kMismatch);
  EXPECT_EQ(FindAssembled(request_.lock, Path("elsewhere"), request_.keeps, sandbox_).error().code,
            ErrorCode::kNotFound);
}

}  // namespace
}  // namespace farm
