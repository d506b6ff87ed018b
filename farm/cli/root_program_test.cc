// `farm root` as several people run it, each in a folder of his own; one of them has a token.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <sstream>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/ceremony/description.h"
#include "farm/cli/commands_root.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/trust_root.h"
#include "farm/json/json.h"
#include "farm/sign/signer.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/soft_tokens.h"

namespace farm {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kNow[] = "2027-01-16T00:00:00Z";

class RootProgram : public testing::Test {
 protected:
  // Root 1 is Ann's, Ben's and Cid's, two of them; Ben's key lies in a token.
  RootProgram() {
    tokens_.AddToken("farm");
    tokens_.MakeKey("farm", "ben", "EC:prime256v1");
    ben_ = tokens_.Key("farm", "ben");
    for (const char* name : {"ann", "cid", "dan", "web"}) {
      keys_.emplace(name, PrivateKey::Generate(KeyKind::kEd25519));
      Write(std::string(name) + ".pem", keys_.at(name).Pem());
      EXPECT_EQ(chmod(Path(std::string(name) + ".pem").c_str(), 0600), 0);
    }
    root_ = maker_.root();
    root_.root_keys = {Public("ann"), OpenSigner(ben_).value()->key(), Public("cid")};
    root_.threshold = 2;
    root_.key_holders = {{root_.root_keys[0].KeyId(), "Ann"},
                         {root_.root_keys[1].KeyId(), "Ben"},
                         {root_.root_keys[2].KeyId(), "Cid"}};
    Write("root.textproto", WriteRootDescription(root_));
  }

  std::string Path(const std::string& name) const { return JoinPath(directory_.path(), name); }
  std::string Write(const std::string& name, const std::string& bytes) const {
    EXPECT_TRUE(WriteDurably(RealFileSystem(), Path(name), bytes).has_value());
    return Path(name);
  }
  std::string Read(const std::string& name) const { return ReadFile(Path(name), 1 << 22).value(); }
  PublicKey Public(const std::string& name) const { return keys_.at(name).public_key(); }

  struct Ran {
    int exit = 0;
    std::string output;
    std::string errors;
  };
  static Ran Farm(std::vector<std::string> words) {
    ProcessSpec spec;
    spec.argv = {"farm/cli/farm", "root"};
    spec.argv.insert(spec.argv.end(), words.begin(), words.end());
    // SoftHSM2 reads where its tokens are from this.
    spec.environment = {"SOFTHSM2_CONF=" + std::string(getenv("SOFTHSM2_CONF"))};
    const ProcessResult result = RunProcess(spec).value();
    return {result.exit_code, result.output, result.error_output};
  }
  Ran New(const std::string& out, const std::string& previous = "") const {
    std::vector<std::string> words = {"new", Path("root.textproto"), "--out", Path(out)};
    if (!previous.empty()) words.insert(words.end(), {"--previous", Path(previous)});
    return Farm(words);
  }
  Ran Sign(const std::string& file, const std::string& key, const std::string& previous,
           const std::vector<std::string>& from = {}) const {
    std::vector<std::string> words = {"add-signature", Path(file), "--yes"};
    if (!key.empty()) words.insert(words.end(), {"--key", key});
    if (!previous.empty()) words.insert(words.end(), {"--previous", Path(previous)});
    for (const std::string& copy : from) words.insert(words.end(), {"--from", Path(copy)});
    return Farm(words);
  }
  Ran Check(const std::string& file, const std::string& previous = "",
            const std::string& at = kNow) const {
    std::vector<std::string> words = {"check", Path(file), "--at", at};
    if (!previous.empty()) words.insert(words.end(), {"--previous", Path(previous)});
    return Farm(words);
  }
  void Copy(const std::string& from, const std::string& to) const { Write(to, Read(from)); }
  // A first root that Ann and Ben have signed.
  void MakeFirst() const {
    EXPECT_EQ(New("root-1.json").exit, 0);
    EXPECT_EQ(Sign("root-1.json", Path("ann.pem"), "").exit, 0);
    EXPECT_EQ(Sign("root-1.json", ben_, "").exit, 0);
  }

  SoftTokens tokens_;
  std::string ben_;
  EvidenceMaker maker_{{.development = false}};
  TemporaryDirectory directory_ = TemporaryDirectory::Make("").value();
  std::map<std::string, PrivateKey> keys_;
  TrustRoot root_;
};

TEST_F(RootProgram, ThreePeopleOnThreeMachinesMakeARoot) {
  const Ran made = New("root-1.json");
  EXPECT_EQ(made.exit, 0) << made.errors;
  EXPECT_THAT(made.output, HasSubstr("still to sign for this root: 2 of Ann"));
  Ran check = Check("root-1.json");
  EXPECT_EQ(check.exit, 11);
  // Each has a copy.
  Copy("root-1.json", "ann.json");
  Copy("root-1.json", "ben.json");
  const Ran ann = Sign("ann.json", Path("ann.pem"), "");
  EXPECT_EQ(ann.exit, 0) << ann.errors;
  EXPECT_THAT(ann.output, HasSubstr("auditor auditor-0"));  // what it says, in words
  EXPECT_THAT(ann.output, HasSubstr("signed: Ann"));
  const Ran ben = Sign("ben.json", ben_, "");
  EXPECT_EQ(ben.exit, 0) << ben.errors;
  EXPECT_EQ(Check("ben.json").exit, 11);
  // Two ways of bringing them together give one file.
  EXPECT_EQ(Sign("root-1.json", "", "", {"ben.json", "ann.json"}).exit, 0);
  EXPECT_EQ(Sign("ann.json", "", "", {"ben.json"}).exit, 0);
  EXPECT_EQ(Read("root-1.json"), Read("ann.json"));
  check = Check("root-1.json");
  EXPECT_EQ(check.exit, 0) << check.output;
  EXPECT_THAT(check.output, HasSubstr("complete"));
  EXPECT_TRUE(ParseTrustRoot(Read("root-1.json"), "root-1.json"));
}

TEST_F(RootProgram, TheNextRootNeedsBothThresholds) {
  MakeFirst();
  ASSERT_EQ(Farm({"describe", Path("root-1.json"), "--out", Path("root.textproto")}).exit, 0);
  // Dan takes Cid's place.
  std::string text = Read("root.textproto");
  const auto replace = [&](const std::string& from, const std::string& to) {
    ASSERT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
  };
  replace(Base64Encode(Public("cid").spki()), Base64Encode(Public("dan").spki()));
  replace("\"Cid\"", "\"Dan\"");
  Write("root.textproto", text);
  const Ran made = New("root-2.json", "root-1.json");
  ASSERT_EQ(made.exit, 0) << made.errors;
  EXPECT_THAT(made.output, HasSubstr("added: root key of Dan"));
  EXPECT_THAT(made.output, HasSubstr("removed: root key of Cid"));
  // Which root 1 it is, for each to compare; Dan is new.
  const std::string against =
      "against root 1, SHA-256 " + Sha256(Read("root-1.json")).Hex() + ":\n";
  const Ran dan = Sign("root-2.json", Path("dan.pem"), "root-1.json");
  EXPECT_EQ(dan.exit, 0);
  EXPECT_THAT(dan.output, HasSubstr(against));
  EXPECT_THAT(dan.errors, HasSubstr("warning: your key is not one of root 1, SHA-256 "));
  const Ran ann = Sign("root-2.json", Path("ann.pem"), "root-1.json");
  EXPECT_EQ(ann.exit, 0);
  EXPECT_THAT(ann.output, HasSubstr(against));
  EXPECT_THAT(ann.errors, Not(HasSubstr("warning")));
  const Ran check = Check("root-2.json", "root-1.json");
  EXPECT_EQ(check.exit, 11);
  EXPECT_THAT(check.output, HasSubstr(against));
  EXPECT_THAT(check.output, HasSubstr("still to sign for root 1: 1 of Ben"));
  EXPECT_THAT(check.output, HasSubstr("Cid"));
  EXPECT_EQ(Sign("root-2.json", Path("cid.pem"), "root-1.json").exit, 0);
  EXPECT_EQ(Check("root-2.json", "root-1.json").exit, 0);
  // Dates and order.
  EXPECT_EQ(Check("root-2.json", "root-1.json", "2029-01-01T00:00:00Z").exit, 18);
  EXPECT_EQ(Check("root-2.json", "root-2.json").exit, 24);
  EXPECT_EQ(Check("root-2.json").exit, 2);  // against what?
  EXPECT_EQ(Sign("root-2.json", Path("ann.pem"), "").exit, 2);
}

TEST_F(RootProgram, WarnsOfWhatTheNextRootDrops) {
  MakeFirst();
  root_.logs[0].origin = "log2.farm.example";
  root_.auditors.pop_back();
  Write("root.textproto", WriteRootDescription(root_));
  const std::string drops =
      "weak: drops what root 1 lists, or its key: auditor auditor-1, log log.farm.example; ";
  const Ran made = New("root-2.json", "root-1.json");
  EXPECT_EQ(made.exit, 0) << made.errors;
  EXPECT_THAT(made.output, HasSubstr(drops));
  EXPECT_THAT(Check("root-2.json", "root-1.json").output, HasSubstr(drops));
  const Ran check = Farm(
      {"check", Path("root-2.json"), "--previous", Path("root-1.json"), "--at", kNow, "--json"});
  EXPECT_EQ(check.exit, 11) << check.errors;  // signatures are missing; nothing else is wrong
  const Json json = *ParseJson(check.output, "check");
  EXPECT_THAT("weak: " + json["weakPoints"].back().get<std::string>(), StartsWith(drops));
}

TEST_F(RootProgram, OnlyNamedKeysSignAndNothingIsLost) {
  EXPECT_EQ(New("root-1.json").exit, 0);
  const std::string before = Read("root-1.json");
  const Ran refused = Sign("root-1.json", Path("dan.pem"), "");
  EXPECT_EQ(refused.exit, 25);
  EXPECT_THAT(refused.errors, HasSubstr("Ann"));
  EXPECT_EQ(Read("root-1.json"), before);
  EXPECT_EQ(Sign("root-1.json", "", "").exit, 2);
  EXPECT_EQ(New("root-1.json").exit, 2);  // never over one that may be signed
  // A copy of another root.
  root_.operators[0].name = "somebody else";
  Write("root.textproto", WriteRootDescription(root_));
  EXPECT_EQ(New("other.json").exit, 0);
  const Ran merged = Sign("root-1.json", "", "", {"other.json"});
  EXPECT_EQ(merged.exit, 22);
  EXPECT_THAT(merged.errors, HasSubstr("somebody else"));
  EXPECT_EQ(Read("root-1.json"), before);
  // A key that others may read signs nothing.
  EXPECT_EQ(chmod(Path("ann.pem").c_str(), 0644), 0);
  EXPECT_EQ(Sign("root-1.json", Path("ann.pem"), "").exit, 25);
}

TEST_F(RootProgram, SignsOnlyForThoseWhoSaySo) {
  EXPECT_EQ(New("root-1.json").exit, 0);
  const std::string before = Read("root-1.json");
  RootSignArguments arguments;
  arguments.root = Path("root-1.json");
  arguments.key = Path("ann.pem");
  const FixedClock clock(ParseTime(kNow).value());
  for (const char* answer : {"", "yes\n", "Sign\n", "sign \n"}) {
    std::istringstream in(answer);
    EXPECT_EQ(RunRootSignCommand(arguments, in, clock, Output{}), 26) << answer;
    EXPECT_EQ(Read("root-1.json"), before);
  }
  std::istringstream in("sign\n");
  EXPECT_EQ(RunRootSignCommand(arguments, in, clock, Output{}), 0);
  EXPECT_NE(Read("root-1.json"), before);
  // With --json nobody has seen anything.
  std::istringstream again("sign\n");
  EXPECT_EQ(RunRootSignCommand(arguments, again, clock, Output{.json = true}), 2);
}

TEST_F(RootProgram, AnswersInJson) {
  MakeFirst();
  const Ran check = Farm({"check", Path("root-1.json"), "--at", kNow, "--json"});
  EXPECT_EQ(check.exit, 0) << check.errors;
  const Json json = *ParseJson(check.output, "check");
  EXPECT_EQ(json["complete"], true);
  EXPECT_EQ(json["quorums"][0]["signatures"], 2);
  EXPECT_EQ(json["quorums"][0]["seats"].size(), 3u);
  EXPECT_TRUE(json["missing"].empty());
  EXPECT_FALSE(json["weakPoints"].empty());  // no monitor
  EXPECT_FALSE(json["changes"].empty());
  EXPECT_TRUE(json["previous"].is_null());
  const Json same = *ParseJson(Farm({"check", Path("root-1.json"), "--previous",
                                     Path("root-1.json"), "--at", kNow, "--json"})
                                   .output,
                               "check");
  EXPECT_EQ(same["previous"]["digest"], Sha256(Read("root-1.json")).Text());
  EXPECT_EQ(same["previous"]["version"], 1);
}

TEST_F(RootProgram, PublishesATree) {
  root_.timestamp = root_.snapshot = root_.targets = {{Public("web")}, 1};
  Write("root.textproto", WriteRootDescription(root_));
  MakeFirst();
  Write("policy.json", WritePolicy(maker_.policy()));
  const std::vector<std::string> words = {"publish",           Path("tree"), "--policy",
                                          Path("policy.json"), "--at",       kNow};
  const auto with = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all = words;
    all.insert(all.end(), more.begin(), more.end());
    return Farm(all);
  };
  EXPECT_EQ(with({"--key", Path("web.pem")}).exit, 22);  // no root yet
  const Ran published =
      with({"--key", Path("web.pem"), "--root", Path("root-1.json"), "--timestamp-days", "3"});
  EXPECT_EQ(published.exit, 0) << published.errors;
  EXPECT_THAT(published.output, HasSubstr("timestamp 1, expires 2027-01-19T00:00:00Z"));
  EXPECT_EQ(Read("tree/root/1.json"), Read("root-1.json"));
  EXPECT_EQ(Read("tree/tuf/1.root.json"), Read("root-1.json"));
  EXPECT_EQ(with({"--key", Path("web.pem")}).exit, 22);  // whose tree?
  const Ran again = with({"--key", Path("web.pem"), "--root", Path("root-1.json"), "--json"});
  const Json json = *ParseJson(again.output, "publish");
  EXPECT_EQ(json["timestamp"]["version"], 2);
  EXPECT_EQ(json["targets"]["version"], 1);
  EXPECT_EQ(with({"--key", Path("dan.pem"), "--root", Path("root-1.json")}).exit, 11);
  EXPECT_EQ(with({"--key", Path("web.pem"), "--timestamp-days", "0"}).exit, 2);
}

TEST_F(RootProgram, SaysHowItIsUsed) {
  for (const char* name : {"new", "add-signature", "check", "publish"}) {
    const Ran help = Farm({name, "--help"});
    EXPECT_EQ(help.exit, 0) << name;
    EXPECT_THAT(help.output, HasSubstr("example")) << name;
    EXPECT_EQ(Farm({name}).exit, 2) << name;
  }
  Write("root.textproto", "colour: 1\n");
  const Ran bad = New("root-1.json");
  EXPECT_EQ(bad.exit, 2);
  EXPECT_THAT(bad.errors, HasSubstr("root.textproto:1"));
}

}  // namespace
}  // namespace farm
