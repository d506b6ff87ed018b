// `farm` as people run it, offline.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <set>

#include "farm/base/bytes.h"
#include "farm/base/digest.h"
#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/cli/init.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr char kProgram[] = "farm/cli/farm";
constexpr char kProduct[] = "manifests/products/greeting/";
constexpr char kLock[] = "manifests/toolchains/cc.lock.textproto";

class Program : public testing::Test {
 protected:
  std::string Path(const std::string& name) { return JoinPath(directory_.path(), name); }
  std::string Write(const std::string& name, const std::string& bytes) {
    EXPECT_TRUE(WriteDurably(RealFileSystem(), Path(name), bytes));
    return Path(name);
  }
  // The manifest of greeting with one thing changed, in a folder of its own.
  std::string Manifest(const std::string& from = "", const std::string& to = "") {
    std::string text = ReadFile(std::string(kProduct) + "manifest.textproto", 1 << 20).value();
    EXPECT_NE(text.find(from), std::string::npos);
    return Write("manifest.textproto", text.replace(text.find(from), from.size(), to));
  }
  // greeting's source as files: what lies beside a test may be links.
  std::string Source() {
    EXPECT_TRUE(MakeDirectories(Path("source"), 0755));
    for (const std::string name : {"greet.c", "greeting.c", "greeting.h"}) {
      Write("source/" + name, ReadFile(kProduct + ("source/" + name), 1 << 20).value());
    }
    return Path("source");
  }
  // That source as the manifest has it, with another origin.
  static std::string Block(const std::string& origin) {
    std::string text = ReadFile(std::string(kProduct) + "manifest.textproto", 1 << 20).value();
    text.erase(0, text.find("source {"));
    text.erase(text.find("\n}\n") + 3);
    const std::string written = "directory { path: \"source\" }";
    EXPECT_NE(text.find(written), std::string::npos) << text;
    return text.replace(text.find(written), written.size(), origin);
  }
  // The parties of a development farm, and an empty store.
  void MakeParties() {
    InitOptions options;
    options.directory = Path("farm");
    options.programs = "/bin";
    ASSERT_TRUE(InitDevelopment(options, FixedClock(1795477230)));
    ASSERT_TRUE(MakeDirectories(Path("store"), 0755));
  }
  // `farm audit approve` with the key of one of them.
  ProcessResult Approve(const std::string& manifest, const std::string& party,
                        const std::vector<std::string>& more) {
    std::vector<std::string> words = {"audit",
                                      "approve",
                                      manifest,
                                      "--lock",
                                      kLock,
                                      "--key",
                                      Path("farm/parties/" + party + "/key.pem"),
                                      "--store",
                                      Path("store"),
                                      "--toolchain",
                                      Path("toolchain"),
                                      "--out",
                                      Path("approval.jsonl")};
    words.insert(words.end(), more.begin(), more.end());
    return Run(words);
  }
  // What git prints, in the repository `directory`.
  static std::string Git(const std::string& directory, const std::vector<std::string>& arguments) {
    ProcessSpec spec;
    spec.argv = {"git", "-C", directory, "-c", "user.name=a", "-c", "user.email=a@example.org"};
    spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
    spec.environment = {"PATH=/usr/bin:/bin", "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1"};
    const auto result = RunProcess(spec);
    EXPECT_TRUE(result && result->ok()) << (result ? result->error_output : "no git");
    const std::string output = result ? result->output : "";
    return output.substr(0, output.find('\n'));
  }
  ProcessResult Run(const std::vector<std::string>& arguments) {
    ProcessSpec spec;
    spec.argv = {kProgram};
    spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
    spec.environment = {"PATH=/usr/bin:/bin", "HOME=/nonexistent"};
    const auto result = RunProcess(spec);
    EXPECT_TRUE(result.has_value());
    return *result;
  }
  static Json Answer(const ProcessResult& result) {
    const auto json = ParseJson(result.output, "standard output");
    EXPECT_TRUE(json) << result.output << result.error_output;
    return json ? *json : Json::object();
  }
  static bool Says(const ProcessResult& result, const std::string& words) {
    return (result.output + result.error_output).find(words) != std::string::npos;
  }

  TemporaryDirectory directory_ = TemporaryDirectory::Make("").value();
};

TEST_F(Program, WithdrawingAFileAsksWhichReleaseIsMeant) {
  const auto withdraw = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"release", "withdraw", Write("greet.sigstore.jsonl", "{}\n"),
                                      "--reason", "it is rude"};
    words.insert(words.end(), more.begin(), more.end());
    return Run(words);
  };
  const std::string asked = "--product and --version are required";
  const std::vector<std::vector<std::string>> too_few = {
      {}, {"--product", "greeting"}, {"--version", "1.0"}};
  for (const std::vector<std::string>& more : too_few) {
    const ProcessResult refused = withdraw(more);
    EXPECT_EQ(refused.exit_code, 2) << refused.error_output;
    EXPECT_TRUE(Says(refused, asked)) << refused.error_output;
  }
  const ProcessResult said = withdraw({"--product", "greeting", "--version", "1.0"});
  EXPECT_EQ(said.exit_code, 22);  // there is no configuration
  EXPECT_FALSE(Says(said, asked)) << said.error_output;
  EXPECT_TRUE(Says(Run({"release", "withdraw", "--help"}), "--product"));
}

TEST_F(Program, WithoutAConfigurationItSaysThatThatIsMissing) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"list"}, {"get", "a/1/r1/00"}, {"list", "--config", Path("no.json")}}) {
    const ProcessResult result = Run(words);
    EXPECT_EQ(result.exit_code, 22) << words[0];
    EXPECT_TRUE(Says(result, "name your configuration with --config FILE")) << result.error_output;
  }
  EXPECT_EQ(Run({"list", "--config", Write("bad.json", "{")}).exit_code, 2);
}

TEST_F(Program, ABundleThatIsNoneIsFollowedByWhatToDo) {
  const std::string bad = Write("bad.sigstore.jsonl", "{}\n");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"bundle", "show", bad},
                                             {"bundle", "show", bad, "--json"},
                                             {"bundle", "show", Path("no")},
                                             {"bundle", "export", bad, Path("out"), "--root", bad},
                                             {"log", "check", Path("no"), "--root", bad},
                                             {"log", "check-proof", bad, "--root", bad}}) {
    const ProcessResult result = Run(words);
    EXPECT_NE(result.exit_code, 0) << words[1];
    const std::size_t last = result.error_output.rfind('\n', result.error_output.size() - 2);
    EXPECT_EQ(result.error_output.substr(last + 1, 7), "to do: ") << result.error_output;
  }
}

TEST_F(Program, HelpOnLogsHasAnExampleOfEachCommand) {
  const ProcessResult help = Run({"log", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const std::string command :
       {"mirror", "check", "recover", "close", "policy", "check-proof"}) {
    EXPECT_TRUE(Says(help, "\n  farm log " + command + " ")) << command;
  }
}

TEST_F(Program, PlanShowsByWhichRulesOffline) {
  const ProcessResult usual = Run({"plan", Manifest(), "--lock", kLock});
  EXPECT_EQ(usual.exit_code, 0) << usual.error_output;
  EXPECT_TRUE(Says(usual, "rules of the default policy")) << usual.output;
  EXPECT_TRUE(Says(usual, "rule  2 auditors approve")) << usual.output;
  EXPECT_TRUE(Says(usual, "rule  the records come from at least 3 sites of 3 operators"));
  EXPECT_TRUE(Says(usual, "action 1/2  library")) << usual.output;

  const std::string tight = Manifest("toolchain {", "require { auditors: 4 }\ntoolchain {");
  const Json json = Answer(Run({"plan", tight, "--lock", kLock, "--json"}));
  EXPECT_EQ(json.at("rules").at(0), "4 auditors approve the manifest and its sources");
  EXPECT_NE(json.at("rulesOf").get<std::string>().find("default policy"), std::string::npos);
}

TEST_F(Program, PlanNamesTheArtifactsThatAreExpectedOfEveryProduct) {
  std::size_t products = 0;
  for (const auto& entry : std::filesystem::directory_iterator("manifests/products")) {
    if (!entry.is_directory()) continue;
    const std::string folder = entry.path().string();
    const ProcessResult result =
        Run({"plan", JoinPath(folder, "manifest.textproto"), "--json"});  // its lock is found
    EXPECT_EQ(result.exit_code, 0) << folder << ": " << result.error_output;
    const auto expected =
        ParseJson(ReadFile(JoinPath(folder, "expected.json"), 1 << 20).value(), folder);
    ASSERT_TRUE(expected) << expected.error().message;
    EXPECT_EQ(expected->at("format"), "farm-expected/1") << folder;
    EXPECT_FALSE(expected->at("published_by").get<std::string>().empty()) << folder;
    const auto names = [](const Json& artifacts) {
      std::set<std::string> names;
      for (const Json& artifact : artifacts) names.insert(artifact.at("name"));
      EXPECT_EQ(names.size(), artifacts.size());
      return names;
    };
    EXPECT_EQ(names(Answer(result).at("plan").at("artifacts")), names(expected->at("artifacts")))
        << folder;
    ++products;
  }
  EXPECT_GE(products, 4U);
}

TEST_F(Program, AMalformedManifestIsExit2NamingFileAndField) {
  const struct {
    const char* name;
    const char* from;
    const char* to;
    const char* field;
  } rows[] = {
      {"not_protobuf", "product:", "product", "manifest.textproto:2:"},
      {"unknown_field", "revision: 1", "revision: 1 colour: 2", "colour"},
      {"bad_tree", "tree: \"d00f", "tree: \"D00f", "tree"},
      {"short_digest", "sha256: \"3b6f", "sha256: \"", "sha256"},
      {"unknown_step", "step: \"program\" path", "step: \"nobody\" path", "nobody"},
  };
  for (const auto& row : rows) {
    const std::string manifest = Manifest(row.from, row.to);
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"plan", manifest, "--lock", kLock},
          {"fetch", manifest, "--lock", kLock, "--store", Path("store"), "--offline"},
          {"audit", "show", manifest, "--lock", kLock}}) {
      const ProcessResult result = Run(command);
      EXPECT_EQ(result.exit_code, 2) << row.name << " " << command[0] << result.error_output;
      EXPECT_TRUE(Says(result, "manifest.textproto")) << row.name << ": " << result.error_output;
      EXPECT_TRUE(Says(result, row.field)) << row.name << ": " << result.error_output;
    }
  }
}

TEST_F(Program, AMalformedJsonManifestIsNamedToo) {
  const std::string manifest = Write("manifest.json", "{\"format\":\"farm-manifest/1\"}");
  const ProcessResult result = Run({"plan", manifest, "--lock", kLock});
  EXPECT_EQ(result.exit_code, 2) << result.error_output;
  EXPECT_TRUE(Says(result, "manifest.json: manifest")) << result.error_output;
}

TEST_F(Program, AnInputWithAnotherDigestIsExit22NamingIt) {
  // The source beside the manifest is another tree than it says.
  const std::string manifest = Manifest();
  ASSERT_TRUE(MakeDirectories(Path("source"), 0755));
  Write("source/greeting.c", "int changed;\n");
  const ProcessResult fetch = Run({"fetch", manifest, "--lock", kLock, "--store", Path("store"),
                                   "--sources-only", "--offline"});
  EXPECT_EQ(fetch.exit_code, 22) << fetch.error_output;
  EXPECT_TRUE(Says(fetch, "greeting")) << fetch.error_output;
  EXPECT_TRUE(Says(fetch, "d00fedebb845861f956a5d66a35a52e873a515bdfb14787eb12ea78cc5f69bba"))
      << fetch.error_output;
  // Another lock than the manifest names.
  const ProcessResult plan =
      Run({"plan", manifest, "--lock", "manifests/toolchains/debhelper.lock.textproto"});
  EXPECT_EQ(plan.exit_code, 22) << plan.error_output;
  EXPECT_TRUE(Says(plan, "toolchain.lock")) << plan.error_output;
  EXPECT_TRUE(Says(plan, "debhelper.lock.textproto")) << plan.error_output;
}

TEST_F(Program, AuditShowSaysRecipeSourcesAndToolchainInPlainWords) {
  const std::string manifest = Manifest(
      "  directory: \"greeting\"",
      "  environment { name: \"GREETING\" value: \"good day\" }\n  directory: \"greeting\"");
  const ProcessResult shown = Run({"audit", "show", manifest, "--lock", kLock});
  EXPECT_EQ(shown.exit_code, 0) << shown.error_output;
  // The digest that the lock has for one of its packages.
  const std::string lock = ReadFile(kLock, 1 << 20).value();
  constexpr std::string_view kSha256 = "sha256: \"";
  const std::size_t at = lock.find(kSha256, lock.find("package { name: \"tar\"")) + kSha256.size();
  const std::string tar = lock.substr(at, 64);
  ASSERT_TRUE(Digest::ParseHex(tar)) << tar;
  for (const std::string line : {
           "source greeting: directory source\n",
           ("source greeting: tree "
            "d00fedebb845861f956a5d66a35a52e873a515bdfb14787eb12ea78cc5f69bba "
            "(SHA-256 git tree)\n"),
           "source greeting: file greeting.tar sha256:3b6f",
           "step library: takes source greeting at /build/greeting\n",
           "step library: runs in /build/greeting: cc -std=c17 -O2 ",
           "step library: environment GREETING='good day'\n",
           "step program: takes output libgreeting.so.1 of step library at /build/",
           "publishes greet from step program: output greet\n",
           "toolchain cc sha256:",
           "toolchain has ",
       }) {
    EXPECT_NE(("\n" + shown.output).find("\n" + line), std::string::npos) << line << shown.output;
  }
  EXPECT_TRUE(Says(shown, "\n  tar ")) << shown.output;
  EXPECT_TRUE(Says(shown, " amd64 sha256:" + tar + "\n")) << shown.output;
}

TEST_F(Program, AuditShowSaysWhatItComparesWith) {
  const std::string manifest = Manifest();
  const ProcessResult nothing = Run({"audit", "show", manifest, "--lock", kLock});
  EXPECT_EQ(nothing.exit_code, 0) << nothing.error_output;
  EXPECT_TRUE(Says(nothing, "compared with nothing")) << nothing.output;
  // --previous finds its lock above itself.
  const std::string before = std::string(kProduct) + "manifest.textproto";
  const std::string after = Manifest("revision: 1", "revision: 2");
  const ProcessResult shown = Run({"audit", "show", after, "--lock", kLock, "--previous", before});
  EXPECT_EQ(shown.exit_code, 0) << shown.error_output;
  EXPECT_TRUE(Says(shown, "compared with greeting 1.0 revision 1: " + before)) << shown.output;
  EXPECT_TRUE(Says(shown, "+ product greeting 1.0 revision 2")) << shown.output;
  const Json json =
      Answer(Run({"audit", "show", after, "--lock", kLock, "--previous", before, "--json"}));
  EXPECT_EQ(json.at("comparedWith").at("revision"), 1);
  EXPECT_EQ(json.at("changes").size(), 2U);
  EXPECT_EQ(Run({"audit", "show", after, "--lock", kLock, "--previous", Path("no")}).exit_code, 22);
}

TEST_F(Program, AuditApproveNeedsNoMoreThanAKeyAndTheRoot) {
  ASSERT_NO_FATAL_FAILURE(MakeParties());
  const std::string manifest = Manifest();
  const auto approve = [&](const std::string& party, const std::vector<std::string>& more) {
    return Approve(manifest, party, more);
  };
  // Key, auditor and farm are found; what is missing next are the inputs to be hashed.
  const ProcessResult found = approve("auditor-1", {"--farm", "https://127.0.0.1:1"});
  EXPECT_EQ(found.exit_code, 22) << found.error_output;
  EXPECT_TRUE(Says(found, "source greeting: greeting.tar")) << found.error_output;
  EXPECT_TRUE(Says(found, "warning: the clock was not compared")) << found.error_output;
  const ProcessResult requester = approve("requester-1", {});
  EXPECT_EQ(requester.exit_code, 14) << requester.error_output;
  EXPECT_TRUE(Says(requester, "an auditor must be somebody else")) << requester.error_output;
  const ProcessResult nobody = approve("replayer-1", {});
  EXPECT_EQ(nobody.exit_code, 25) << nobody.error_output;
  EXPECT_TRUE(Says(nobody, "no auditor's")) << nobody.error_output;
  const ProcessResult nowhere = approve("auditor-1", {"--farm", "ftp://farm"});
  EXPECT_EQ(nowhere.exit_code, 2) << nowhere.error_output;
  const ProcessResult rootless = approve("auditor-1", {"--root", Path("no-root.json")});
  EXPECT_EQ(rootless.exit_code, 2) << rootless.error_output;
  EXPECT_TRUE(Says(rootless, "--root FILE")) << rootless.error_output;
  EXPECT_FALSE(FileExists(Path("approval.jsonl")));
}

TEST_F(Program, AuditApproveByDiffWantsABaseOfTheSameProduct) {
  ASSERT_NO_FATAL_FAILURE(MakeParties());
  const std::string manifest = Manifest("revision: 1", "revision: 2");
  const auto approve = [&](const std::vector<std::string>& more) {
    return Approve(manifest, "auditor-1", more);
  };
  const std::string before = std::string(kProduct) + "manifest.textproto";
  // The base is good; what is missing next are the inputs to be hashed.
  const ProcessResult good = approve({"--diff", "--base", before});
  EXPECT_EQ(good.exit_code, 22) << good.error_output;
  EXPECT_TRUE(Says(good, "source greeting: greeting.tar")) << good.error_output;
  const ProcessResult other =
      approve({"--diff", "--base", "manifests/products/mxml/manifest.textproto"});
  EXPECT_EQ(other.exit_code, 14) << other.error_output;
  EXPECT_TRUE(Says(other, "of product mxml")) << other.error_output;
  const ProcessResult alone = approve({"--base", before});
  EXPECT_EQ(alone.exit_code, 2) << alone.error_output;
  const ProcessResult nobody = approve({"--diff"});
  EXPECT_EQ(nobody.exit_code, 2) << nobody.error_output;
  EXPECT_TRUE(Says(nobody, "no farm to ask")) << nobody.error_output;
  const ProcessResult missing = approve({"--diff", "--base", Path("no")});
  EXPECT_EQ(missing.exit_code, 22) << missing.error_output;
  EXPECT_FALSE(FileExists(Path("approval.jsonl")));
}

TEST_F(Program, AuditApproveSignsNothingIfAStoredInputHasChanged) {
  ASSERT_NO_FATAL_FAILURE(MakeParties());
  const std::string manifest = Manifest();
  Source();
  const ProcessResult fetch = Run({"fetch", manifest, "--lock", kLock, "--store", Path("store"),
                                   "--sources-only", "--offline"});
  ASSERT_EQ(fetch.exit_code, 0) << fetch.error_output;
  const auto approve = [&] { return Approve(manifest, "auditor-1", {}); };
  // The source is good; what is missing next is the first package.
  const ProcessResult good = approve();
  EXPECT_EQ(good.exit_code, 22) << good.error_output;
  EXPECT_TRUE(Says(good, "package ")) << good.error_output;
  EXPECT_FALSE(Says(good, "greeting.tar")) << good.error_output;
  // Somebody changes one byte of the only blob, the source's tar.
  std::size_t blobs = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(Path("store/blobs"))) {
    if (!entry.is_regular_file()) continue;
    std::string bytes = ReadFile(entry.path().string(), 1 << 20).value();
    bytes[bytes.size() / 2] ^= 1;
    ASSERT_TRUE(WriteDurably(RealFileSystem(), entry.path().string(), bytes));
    ++blobs;
  }
  EXPECT_EQ(blobs, 1U);
  const ProcessResult changed = approve();
  EXPECT_EQ(changed.exit_code, 22) << changed.error_output;
  EXPECT_TRUE(Says(changed, "source greeting: greeting.tar: ")) << changed.error_output;
  EXPECT_FALSE(FileExists(Path("approval.jsonl")));
}

TEST_F(Program, AnAnswerThatCannotBeWrittenIsExit30) {
  ProcessSpec spec;
  spec.argv = {
      "/bin/sh", "-c",    "exec \"$@\" >/dev/full", "sh", kProgram, "plan", Manifest(), "--lock",
      kLock,     "--json"};
  const auto result = RunProcess(spec);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_code, 30);
  EXPECT_TRUE(Says(*result, "standard output")) << result->error_output;
}

// The kinds debian and archive unpack in the sandbox, which a test of this size cannot have:
// farm/source and farm/execute test their parts.
TEST_F(Program, ImportOfADirectoryPrintsTheManifestsBlock) {
  const std::string source = Source();
  const ProcessResult result = Run({"source", "import", "directory", source, "--name", "greeting",
                                    "--source-date-epoch", "1735689600", "--store", Path("store")});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_EQ(result.output, Block("directory { path: \"" + source + "\" }"));
}

TEST_F(Program, ImportOfACommitHasGitsTreeAndTheDirectorys) {
  const std::string source = Source();
  Git(source, {"init", "-q"});
  Git(source, {"add", "--all", "."});
  Git(source, {"commit", "-q", "-m", "x"});
  const std::string commit = Git(source, {"rev-parse", "HEAD"});
  const std::string tree = Git(source, {"rev-parse", "HEAD^{tree}"});
  const std::string url = "https://example.org/greeting.git";
  const auto import = [&](const std::string& id) {
    return Run({"source", "import", "git", source, "--commit", id, "--url", url, "--name",
                "greeting", "--source-date-epoch", "1735689600", "--store", Path("store")});
  };
  const ProcessResult result = import(commit);
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_EQ(result.output, Block("git { url: \"" + url + "\" commit: \"" + commit +
                                 "\" tree_sha1: \"" + tree + "\" }"));
  const std::string other(40, '1');
  const ProcessResult nowhere = import(other);
  EXPECT_EQ(nowhere.exit_code, 22) << nowhere.error_output;
  EXPECT_TRUE(Says(nowhere, other)) << nowhere.error_output;
}

TEST_F(Program, ImportNamesWhatItLacks) {
  const auto import = [this](const std::string& kind) {
    return Run({"source", "import", kind, Path("x"), "--name", "x", "--store", Path("store")});
  };
  const ProcessResult nonsense = import("nonsense");
  EXPECT_EQ(nonsense.exit_code, 2) << nonsense.error_output;
  EXPECT_TRUE(Says(nonsense, "\"nonsense\" is none of debian, archive, git, directory"))
      << nonsense.error_output;
  EXPECT_FALSE(FileExists(Path("store")));
  for (const char* kind : {"debian", "archive"}) {
    const ProcessResult result = import(kind);
    EXPECT_EQ(result.exit_code, 2) << kind << ": " << result.error_output;
    EXPECT_TRUE(Says(result, "--toolchain DIR is missing")) << kind << ": " << result.error_output;
  }
}

TEST_F(Program, AnUnknownCommandIsNamedWithThoseThereAre) {
  const ProcessResult result = Run({"relase", "x"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_TRUE(Says(result, "no command relase; there are: plan fetch release"))
      << result.error_output;
  EXPECT_EQ(Run({}).exit_code, 2);
  EXPECT_TRUE(Says(Run({"cancel", "--help"}), "farm cancel greeting/1.0/r1/"));
}

TEST_F(Program, DevelopmentStopAnswersInJson) {
  const ProcessResult result = Run({"development", "stop", "--state", directory_.path(), "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_EQ(Answer(result).at("running"), false);
}

TEST_F(Program, BundleIsShownAndExportedAndNotJudged) {
  const std::string vectors = "tests/vectors/v1/evidence/";
  const std::string bundle = vectors + "hello.tar.sigstore.jsonl";
  const ProcessResult shown = Run({"bundle", "show", bundle});
  EXPECT_EQ(shown.exit_code, 0) << shown.error_output;
  EXPECT_TRUE(Says(shown, "1  release\n")) << shown.output;
  EXPECT_TRUE(Says(shown, "Nothing of this was checked; farm-verify judges.")) << shown.output;
  const Json answer = Answer(Run({"bundle", "show", bundle, "--json"}));
  EXPECT_EQ(answer.at("judged"), false);
  ASSERT_EQ(answer.at("lines").size(), 5u);
  EXPECT_EQ(answer.at("lines")[1].at("says"), "requester");
  EXPECT_EQ(answer.at("lines")[1].at("timeStamp"), "2027-01-15T08:00:00Z");

  const std::string root = vectors + "root-file.json";
  const std::string out = Path("evidence");
  const ProcessResult written = Run({"bundle", "export", bundle, out, "--root", root});
  EXPECT_EQ(written.exit_code, 0) << written.error_output;
  EXPECT_TRUE(FileExists(out + "/README"));
  EXPECT_TRUE(FileExists(out + "/5-approval/time-stamp.tsr"));
  // Nothing is written over, and nothing without the root whose authorities belong to it.
  const ProcessResult again = Run({"bundle", "export", bundle, out, "--root", root});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_TRUE(Says(again, "is there already")) << again.error_output;
  EXPECT_EQ(Run({"bundle", "export", bundle, Path("other")}).exit_code, 2);
  EXPECT_EQ(Run({"bundle", "show", Path("missing")}).exit_code, 22);
  EXPECT_EQ(Run({"bundle", "show", vectors + "policy.json"}).exit_code, 2);
}

}  // namespace
}  // namespace farm
