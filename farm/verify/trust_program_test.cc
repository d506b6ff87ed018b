// farm-verify trust as a customer runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

using testing::HasSubstr;

class TrustProgram : public testing::Test {
 protected:
  TrustProgram() : directory_(*TemporaryDirectory::Make(testing::TempDir())) {
    MadeRelease made = maker_.Make();
    Write("hello.tar", made.artifacts[0].second);
    Write("hello.tar.sigstore.jsonl", made.FileText());
    Write("config/farm/policy.json", WritePolicy(maker_.policy()));
    for (const int version : {1, 2, 3}) {
      TrustRoot root = maker_.root();
      root.version = version;
      bytes_.push_back(WriteTrustRoot(root, {maker_.Key("root")}));
      Write("tree/root/" + std::to_string(version) + ".json", bytes_.back());
    }
  }
  std::string Path(const std::string& name) const { return JoinPath(directory_.path(), name); }
  void Write(const std::string& name, const std::string& bytes) const {
    ASSERT_TRUE(MakeDirectories(DirectoryName(Path(name)), 0755));
    ASSERT_TRUE(WriteDurably(RealFileSystem(), Path(name), bytes));
  }
  ProcessResult Run(const std::vector<std::string>& arguments) const {
    ProcessSpec spec;
    spec.argv = {"tests/support/without_sockets", "farm/verify/farm-verify"};
    spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
    spec.environment = {"XDG_CONFIG_HOME=" + Path("config")};
    return RunProcess(spec).value();
  }
  ProcessResult Init() const {
    return Run({"trust", "init", Path("tree/root/1.json"), "--fingerprint", Sha256(bytes_[0]).Hex(),
                "--at", kAt});
  }
  ProcessResult Verify() const { return Run({Path("hello.tar"), "--allow-development-root"}); }

  static constexpr char kAt[] = "2027-06-01T00:00:00Z";
  EvidenceMaker maker_;
  TemporaryDirectory directory_;
  std::vector<std::string> bytes_;  // of roots 1, 2, 3
};

TEST_F(TrustProgram, PinsFollowsAndVerifies) {
  EXPECT_EQ(Verify().exit_code, 22);
  const ProcessResult pinned = Init();
  EXPECT_EQ(pinned.exit_code, 0) << pinned.error_output;
  EXPECT_THAT(pinned.output, HasSubstr("fingerprint " + Sha256(bytes_[0]).Hex()));
  EXPECT_EQ(Verify().exit_code, 0);
  const ProcessResult updated = Run({"trust", "update", Path("tree"), "--at", kAt});
  EXPECT_EQ(updated.exit_code, 0) << updated.error_output;
  EXPECT_THAT(updated.output, HasSubstr("root 3"));
  EXPECT_EQ(Verify().exit_code, 0);
  const ProcessResult shown = Run({"trust", "show", "--json", "--at", kAt});
  EXPECT_EQ(shown.exit_code, 0);
  const Json json = *ParseJson(shown.output, "show");
  EXPECT_EQ(json["version"], 3);
  EXPECT_EQ(json["pinned"], Sha256(bytes_[0]).Text());
  EXPECT_EQ(json["newest"], Sha256(bytes_[2]).Text());
  EXPECT_FALSE(json["says"].empty());
}

TEST_F(TrustProgram, RefusesAnotherFingerprint) {
  const ProcessResult result = Run({"trust", "init", Path("tree/root/1.json"), "--fingerprint",
                                    Sha256(bytes_[1]).Hex(), "--json"});
  EXPECT_EQ(result.exit_code, 22);
  EXPECT_EQ((*ParseJson(result.output, "init"))["exit"], 22);
  EXPECT_EQ(Run({"trust", "show"}).exit_code, 22);
}

// Every verdict under the pinned root holds to what was taken before.
TEST_F(TrustProgram, AVerdictDoesNotGoBackBehindIt) {
  ASSERT_EQ(Init().exit_code, 0);
  ASSERT_EQ(Run({"trust", "update", Path("tree"), "--at", kAt}).exit_code, 0);
  Write("config/farm/root.json", bytes_[1]);
  EXPECT_EQ(Verify().exit_code, 24);
  Write("config/farm/root.json", bytes_[2] + "\n");  // another file of the same version
  EXPECT_EQ(Verify().exit_code, 24);
  // Older is older, whatever else is allowed: a stranger may have signed it.
  Write("config/farm/root.json", bytes_[1]);
  EXPECT_EQ(Run({Path("hello.tar"), "--allow-development-root", "--allow-older"}).exit_code, 24);
  Write("config/farm/root.json", bytes_[2]);
  EXPECT_EQ(Verify().exit_code, 0);
  Write("config/farm/trust.json", "{}");
  EXPECT_EQ(Verify().exit_code, 2);
}

// Whoever puts a root of a higher version there has not had it followed.
TEST_F(TrustProgram, AStrangersRootIsNotTakenForANewerOne) {
  ASSERT_EQ(Init().exit_code, 0);
  const PrivateKey stranger = PrivateKey::Generate(KeyKind::kEd25519);
  TrustRoot his = maker_.root();
  his.root_keys = {stranger.public_key()};
  for (his.version = 2; his.version <= 3; ++his.version) {
    Write("his/root/" + std::to_string(his.version) + ".json", WriteTrustRoot(his, {stranger}));
  }
  his.version = 2;
  Write("config/farm/root.json", WriteTrustRoot(his, {stranger}));
  const ProcessResult verdict = Verify();
  EXPECT_EQ(verdict.exit_code, 24) << verdict.output;
  EXPECT_THAT(verdict.error_output, HasSubstr("root 1, SHA-256 " + Sha256(bytes_[0]).Hex()));
  EXPECT_THAT(verdict.error_output, HasSubstr("bring back what is named above"));
  EXPECT_EQ(Run({"trust", "show"}).exit_code, 24);
  EXPECT_EQ(Run({"trust", "update", Path("his"), "--at", kAt}).exit_code, 24);
}

TEST_F(TrustProgram, AnExpiredNewestRootIsKeptAndSaid) {
  ASSERT_EQ(Init().exit_code, 0);
  const ProcessResult updated =
      Run({"trust", "update", Path("tree"), "--at", "2028-01-16T08:00:01Z"});
  EXPECT_EQ(updated.exit_code, 18);
  EXPECT_THAT(updated.error_output, HasSubstr("expired"));
  EXPECT_EQ(Run({"trust", "show", "--at", kAt}).exit_code, 0);
  EXPECT_THAT(Run({"trust", "show", "--at", kAt}).output, HasSubstr("root 3"));
  EXPECT_EQ(Run({"trust", "update", Path("tree"), "--at", "2028-01-16T08:00:00Z"}).exit_code, 0);
}

// Whoever reads one line only reads the last.
TEST_F(TrustProgram, SaysLastWhatIsToBeDone) {
  Write("damaged.json", "{}");
  const struct {
    const char* name;
    std::vector<std::string> words;
    int exit;
  } kRows[] = {
      {"nothing_pinned", {"show"}, 22},
      {"no_fingerprint", {"init", Path("tree/root/1.json"), "--fingerprint", "00"}, 2},
      {"damaged", {"init", Path("damaged.json"), "--fingerprint", Sha256("{}").Hex()}, 2},
      {"no_tree", {"update", Path("empty")}, 22},
  };
  for (const auto& row : kRows) {
    std::vector<std::string> words = row.words;
    words.insert(words.begin(), "trust");
    const ProcessResult result = Run(words);
    EXPECT_EQ(result.exit_code, row.exit) << row.name;
    EXPECT_THAT(result.error_output, testing::ContainsRegex("\nto do: [^\n]+\n$")) << row.name;
  }
  ASSERT_EQ(Init().exit_code, 0);
  ASSERT_EQ(Run({"trust", "update", Path("tree"), "--at", kAt}).exit_code, 0);
  Write("older/root/2.json", bytes_[1]);
  for (const auto& [words, exit] : std::vector<std::pair<std::vector<std::string>, int>>{
           {{"trust", "update", Path("older")}, 24},
           {{"trust", "show", "--at", "2028-01-16T08:00:01Z"}, 18}}) {
    const ProcessResult result = Run(words);
    EXPECT_EQ(result.exit_code, exit);
    EXPECT_THAT(result.error_output, testing::ContainsRegex("\nto do: [^\n]+\n$"));
  }
}

TEST_F(TrustProgram, SaysWhichFolderOfATreeIsMissing) {
  const auto update = [&](const std::string& tree) {
    const ProcessResult result = Run({"trust", "update", Path(tree)});
    EXPECT_EQ(result.exit_code, 22) << tree;
    return result.error_output;
  };
  EXPECT_THAT(update("nodir"),
              HasSubstr("no folder " + Path("nodir") +
                        "; want the folder of a published tree, with root/1.json"));
  EXPECT_THAT(update("tree"), HasSubstr("no root is pinned in " + Path("config/farm")));
  EXPECT_FALSE(FileExists(Path("config/farm/lock")));
  ASSERT_EQ(Init().exit_code, 0);
  EXPECT_THAT(update("nodir"), HasSubstr("no folder " + Path("nodir") + "; want"));
  EXPECT_THAT(update("config"), HasSubstr(Path("config/root") + " holds no roots; want"));
}

// No word of it is the word that a customer waits for.
TEST_F(TrustProgram, NeverSaysVerified) {
  std::string words = Init().output;
  words += Run({"trust", "update", Path("tree"), "--at", kAt}).output;
  words += Run({"trust", "show", "--at", kAt}).output;
  EXPECT_EQ(words.find("VERIFIED"), std::string::npos);
}

TEST_F(TrustProgram, SaysHowItIsUsed) {
  EXPECT_EQ(Run({"trust", "--help"}).exit_code, 0);
  EXPECT_THAT(Run({"trust", "--help"}).output, HasSubstr("Examples:"));
  EXPECT_EQ(Run({"trust", "init", Path("tree/root/1.json")}).exit_code, 2);
  EXPECT_EQ(Run({"trust", "init", Path("tree/root/1.json"), "--fingerprint", "12"}).exit_code, 2);
  EXPECT_EQ(Run({"trust", "update"}).exit_code, 2);
  EXPECT_EQ(Run({"trust", "show", "--at", "today"}).exit_code, 2);
  EXPECT_EQ(Run({"trust", "show", "--config", ""}).exit_code, 2);
  // A file of that name is still a file.
  EXPECT_EQ(Run({"trust"}).exit_code, 22);
}

}  // namespace
}  // namespace farm
