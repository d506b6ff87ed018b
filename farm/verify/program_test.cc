// farm-verify as a customer runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"
#include "tests/support/openssl_configurations.h"

namespace farm {
namespace {

constexpr char kProgram[] = "farm/verify/farm-verify";
constexpr char kWithoutSockets[] = "tests/support/without_sockets";

class Program : public testing::Test {
 protected:
  Program() : directory_(*TemporaryDirectory::Make(testing::TempDir())), made_(maker_.Make()) {
    file_ = Write(made_.artifacts[0].first, made_.artifacts[0].second);
    Write(made_.artifacts[0].first + ".sigstore.jsonl", made_.FileText());
    root_ = Write("root.json", maker_.RootBytes());
    Write("policy.json", WritePolicy(maker_.policy()));
  }

  std::string Write(const std::string& name, const std::string& bytes) {
    std::string path = JoinPath(directory_.path(), name);
    EXPECT_TRUE(WriteDurably(RealFileSystem(), path, bytes).has_value());
    return path;
  }

  ProcessResult Run(std::vector<std::string> arguments, std::vector<std::string> environment = {}) {
    ProcessSpec spec;
    spec.argv = {kWithoutSockets, kProgram};
    spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
    spec.environment = std::move(environment);
    const auto result = RunProcess(spec);
    EXPECT_TRUE(result.has_value());
    return *result;
  }
  ProcessResult Verify(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"--root", root_, "--allow-development-root", file_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }

  EvidenceMaker maker_;
  TemporaryDirectory directory_;
  MadeRelease made_;
  std::string file_;
  std::string root_;
};

// The lines of what a program printed.
std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST_F(Program, VerifiesWithoutASocketAndSaysSoLast) {
  const ProcessResult result = Verify({});
  EXPECT_EQ(result.exit_code, 0) << result.output << result.error_output;
  const auto lines = LinesOf(result.output);
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.back(), "VERIFIED (development: 1 machine, 1 operator)  hello 1.0  hello.tar");
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    EXPECT_TRUE(lines[i].starts_with("ok") || lines[i].starts_with("warn")) << lines[i];
  }
}

// What comes after a release: beside the root, or where it is named.
class LaterProgram : public Program {
 protected:
  LaterProgram() {
    EvidenceMaker watched{EvidenceOptions{.monitors = 1, .certifiers = 1}};
    maker_ = std::move(watched);
    made_ = maker_.Make();
    file_ = Write(made_.artifacts[0].first, made_.artifacts[0].second);
    Write(made_.artifacts[0].first + ".sigstore.jsonl", made_.FileText());
    root_ = Write("root.json", maker_.RootBytes());
    status_ = maker_.Status(kIssuedAt);
  }
  static constexpr UnixSeconds kIssuedAt = 1'800'001'000;
  static std::vector<std::string> At(UnixSeconds time) { return {"--at", FormatTime(time)}; }
  std::string WriteStatus(const std::string& name, const FarmStatus& status) {
    return Write(name, WriteBundleLine(maker_.StatusLine(status)) + "\n");
  }
  FarmStatus Withdrawn() {
    FarmStatus status = status_;
    status.withdrawn = {{made_.lines[0].PaeDigest(), "hello", "1.0", "bad", "auditor-0", 1}};
    return status;
  }

  std::string Path(const std::string& name) { return JoinPath(directory_.path(), name); }
  static void ExpectRefused(const ProcessResult& result, const std::string& why) {
    EXPECT_EQ(result.exit_code, 2) << why;
    EXPECT_THAT(result.error_output, testing::HasSubstr(why));
  }
  // Takes what has the name aside, if anything has, and brings it back at its end.
  class Replaced {
   public:
    explicit Replaced(const std::string& path)
        : path_(path), was_there_(rename(path.c_str(), (path + ".aside").c_str()) == 0) {}
    ~Replaced() {
      EXPECT_EQ(unlink(path_.c_str()), 0) << path_;
      if (!was_there_) return;
      EXPECT_EQ(rename((path_ + ".aside").c_str(), path_.c_str()), 0) << path_;
    }
    Replaced(const Replaced&) = delete;
    Replaced& operator=(const Replaced&) = delete;

   private:
    std::string path_;
    bool was_there_;
  };

  FarmStatus status_;
};

TEST_F(LaterProgram, HeedsAStatusBesideTheRootOrNamed) {
  Policy policy = maker_.policy();
  policy.status_max_age_seconds = 3600;
  Write("policy.json", WritePolicy(policy));
  const auto at = At(kIssuedAt + 60);
  EXPECT_EQ(Verify(at).exit_code, 19);
  const std::string named = WriteStatus("other.json", status_);
  ProcessResult result = Verify({at[0], at[1], "--status", named});
  EXPECT_EQ(result.exit_code, 0) << result.output << result.error_output;
  EXPECT_EQ(Verify({"--at", FormatTime(kIssuedAt + 2 * 3600), "--status", named}).exit_code, 19);
  EXPECT_EQ(Verify({at[0], at[1], "--status", "/no/such/file"}).exit_code, 22);
  WriteStatus("status.json", Withdrawn());
  EXPECT_EQ(Verify(at).exit_code, 17);
  Write("policy.json", WritePolicy(maker_.policy()));  // asks for none
  EXPECT_EQ(Verify(at).exit_code, 17);
  Write("status.json", "{}\n");
  EXPECT_EQ(Verify(at).exit_code, 2);
  Write("status.json", made_.FileText());
  EXPECT_EQ(Verify(at).exit_code, 2);
}

// An unset variable of a script must not take the default, or switch the memory off.
TEST_F(LaterProgram, TakesNoEmptyNames) {
  const auto at = At(kIssuedAt + 60);
  for (const char* option : {"--state", "--root", "--policy", "--bundle", "--status"}) {
    EXPECT_EQ(Verify({at[0], at[1], option, ""}).exit_code, 2) << option;
  }
}

TEST_F(LaterProgram, RemembersTheStatusOfAReleaseThatItRefused) {
  const std::string state = JoinPath(directory_.path(), "state");
  FarmStatus later = Withdrawn();
  later.issued += 100;
  later.next_update += 100;
  const std::string bad = WriteStatus("later.json", later);
  const std::string good = WriteStatus("earlier.json", status_);
  const auto with = [&](const std::string& status) {
    const auto at = At(kIssuedAt + 200);
    return Verify({at[0], at[1], "--state", state, "--status", status}).exit_code;
  };
  EXPECT_EQ(with(good), 0);
  EXPECT_EQ(with(bad), 17);
  EXPECT_EQ(with(good), 17);  // whoever shows it would have us forget
  WriteStatus("later.json", status_);
  EXPECT_EQ(with(bad), 17);
}

// Else whoever has a customer look at a root of his own would fill the memory of the farm's.
TEST_F(LaterProgram, RemembersAStatusUnderARootThatIsPinnedOrHasProvedSomething) {
  const std::string bad = WriteStatus("bad.json", Withdrawn());
  const std::string good = WriteStatus("good.json", status_);
  const auto said_in = [&](const std::string& state) {
    const auto memory = ReadFile(JoinPath(Path(state), "memory.json"), 1 << 20);
    return memory && memory->find("\"said\"") != std::string::npos;
  };
  const auto at = At(kIssuedAt + 200);
  const auto with = [&](const std::string& state, const std::string& status) {
    return Verify({at[0], at[1], "--state", Path(state), "--status", status});
  };
  const ProcessResult unknown = with("of-root", bad);
  EXPECT_EQ(unknown.exit_code, 17);
  EXPECT_THAT(unknown.error_output, testing::HasSubstr("not remembered: what the status says"));
  EXPECT_FALSE(said_in("of-root"));
  EXPECT_EQ(with("of-root", good).exit_code, 0);
  EXPECT_EQ(with("of-root", bad).error_output, "");
  EXPECT_TRUE(said_in("of-root"));

  const std::vector<std::string> environment = {"XDG_CONFIG_HOME=" + Path("config")};
  const std::string fingerprint = Sha256(ReadFile(root_, 1 << 20).value()).Hex();
  ASSERT_EQ(Run({"trust", "init", root_, "--fingerprint", fingerprint}, environment).exit_code, 0);
  Write("config/farm/policy.json", WritePolicy(maker_.policy()));
  std::vector<std::string> arguments = {
      "--allow-development-root", at[0], at[1], "--state", Path("of-pin"), file_};
  std::vector<std::string> with_bad = arguments;
  with_bad.insert(with_bad.end(), {"--status", bad});
  EXPECT_EQ(Run(with_bad, environment).exit_code, 17);
  EXPECT_TRUE(said_in("of-pin"));
  EXPECT_EQ(Run(arguments, environment).exit_code, 17);
}

// Why a file is refused is always said; that it is good, only if it can be remembered.
TEST_F(LaterProgram, SaysWhyItRefusesThoughItsMemoryIsFull) {
  ASSERT_TRUE(MakeDirectories(JoinPath(directory_.path(), "state"), 0755));
  const auto memory = [](std::size_t name_size) {
    const Json product = {{"product", std::string(name_size, 'x')}, {"sequence", 1}};
    return WriteReadableJson({{"format", "farm-verify-memory/1"},
                              {"rootVersion", 1},
                              {"sequences", Json::array({product})}});
  };
  constexpr std::size_t kBytesMax = 24 << 20;
  Write("state/memory.json", memory(kBytesMax - memory(0).size()));
  const auto with = [&](const FarmStatus& status) {
    const auto at = At(kIssuedAt + 60);
    return Verify({at[0], at[1], "--state", JoinPath(directory_.path(), "state"), "--status",
                   WriteStatus("status.json", status)});
  };
  const ProcessResult refused = with(Withdrawn());
  EXPECT_EQ(refused.exit_code, 17);
  EXPECT_THAT(refused.output, testing::HasSubstr("NOT VERIFIED"));
  EXPECT_THAT(refused.error_output, testing::HasSubstr("not remembered"));
  const ProcessResult not_kept = with(status_);
  EXPECT_EQ(not_kept.exit_code, 2);
  EXPECT_EQ(not_kept.output, "");
  EXPECT_THAT(not_kept.error_output, testing::HasSubstr("memory.json: would remember"));
}

// Else the second time the fork would be what is known, and the honest log the fork.
TEST_F(LaterProgram, ForgetsNothingForAForkedLog) {
  const auto longer = [&](const std::string& of) {
    maker_.MakeLine(maker_.Draft(Request{Sha256(of), "hello", "9", "requester", kIssuedAt},
                                 "requester", kIssuedAt));
    return WriteStatus(of, maker_.Status(kIssuedAt + 20));
  };
  const std::uint64_t size = maker_.Head().size;
  const std::string honest = longer("honest.json");
  maker_.Rewind(size);
  const std::string forked = longer("forked.json");
  const std::string state = JoinPath(directory_.path(), "state");
  const auto with = [&](const std::string& status) {
    const auto at = At(kIssuedAt + 200);
    return Verify({at[0], at[1], "--state", state, "--status", status}).exit_code;
  };
  EXPECT_EQ(with(honest), 0);
  EXPECT_EQ(with(forked), 15);
  EXPECT_EQ(with(forked), 15);
  EXPECT_EQ(with(honest), 0);
}

TEST_F(LaterProgram, TakesCertifiersStatementsFromAFolder) {
  Policy policy = maker_.policy();
  policy.certified_countries = true;
  Write("policy.json", WritePolicy(policy));
  EXPECT_EQ(Verify({}).exit_code, 13);
  ASSERT_TRUE(MakeDirectories(JoinPath(directory_.path(), "certifications"), 0755));
  std::string lines;
  for (int i = 0; i < 3; ++i) {
    const SiteLocation location = maker_.Location(i);
    const Bundle line = maker_.MakeLine(maker_.Draft(location, "certifier-0", location.created));
    if (i == 0) {
      Write("certifications/0.jsonl", WriteBundleLine(line) + "\n");
    } else {
      lines += WriteBundleLine(line) + "\n";
    }
  }
  Write("certifications/others.jsonl", lines);
  Write("certifications/README", "not looked at");
  const ProcessResult result = Verify({});
  EXPECT_EQ(result.exit_code, 0) << result.output << result.error_output;
  EXPECT_EQ(Verify({"--certifications", "/no/such/folder"}).exit_code, 22);
}

TEST_F(LaterProgram, TellsWhichFilesOfTheReplaysFolderItHasNotRead) {
  ASSERT_TRUE(MakeDirectories(Path("folder"), 0755));
  for (const char* name : {"README", "other.txt", "verdict.jsonl.part.0123456789abcdef"}) {
    Write(std::string("folder/") + name, "{}");
  }
  ProcessResult result = Verify({"--replays", Path("folder")});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, testing::Not(testing::HasSubstr("not read")));
  for (const char* name : {"a.JSONL", "b.json", "c.Json"}) {
    Write(std::string("folder/") + name, "{}");
    result = Verify({"--replays", Path("folder")});
    EXPECT_EQ(result.exit_code, 0) << result.output;
    EXPECT_THAT(result.output,
                testing::ContainsRegex("warn  replays [^\n]*a.JSONL [^\n]* not read"));
  }
  EXPECT_THAT(result.output, testing::HasSubstr("a.JSONL and 2 more are not read"));
}

// What is found in folders may have been put there by others.
TEST_F(LaterProgram, WaitsForNoPipeThatItFinds) {
  const struct {
    const char* name;
    std::string pipe;
    std::vector<std::string> words;
  } kRows[] = {
      {"certifications", "folder/a.jsonl", {"--certifications", Path("folder")}},
      {"replays", "folder/a.jsonl", {"--replays", Path("folder")}},
      {"status_beside_the_root", "status.json", {}},
      {"bundle_beside_the_file", BaseName(file_) + ".sigstore.jsonl", {}},
      {"policy_beside_the_root", "policy.json", {}},
      {"memory", "state/memory.json", {"--state", Path("state")}},
  };
  for (const char* folder : {"folder", "state"}) ASSERT_TRUE(MakeDirectories(Path(folder), 0755));
  for (const auto& row : kRows) {
    Replaced replaced(Path(row.pipe));
    ASSERT_EQ(mkfifo(Path(row.pipe).c_str(), 0600), 0) << row.name;
    ExpectRefused(Verify(row.words),
                  Path(row.pipe) + ": is a pipe, a device or a folder, want a regular file");
  }
}

TEST_F(LaterProgram, WaitsForNoPipeInTheUsersConfiguration) {
  ASSERT_TRUE(MakeDirectories(Path("config/farm"), 0755));
  Write("config/farm/root.json", maker_.RootBytes());
  Write("config/farm/policy.json", WritePolicy(maker_.policy()));
  for (const std::string name : {"root.json", "trust.json"}) {
    const std::string path = Path("config/farm/" + name);
    Replaced replaced(path);
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    ExpectRefused(Run({"--allow-development-root", file_}, {"XDG_CONFIG_HOME=" + Path("config")}),
                  path + ": is a pipe, a device or a folder, want a regular file");
  }
}

// Somebody has put it there for what it led to.
TEST_F(LaterProgram, ALinkThatLeadsNowhereIsNotNothing) {
  Policy policy = maker_.policy();
  policy.certified_countries = true;
  ASSERT_TRUE(MakeDirectories(Path("state"), 0755));
  for (const std::string name : {"status.json", "state/memory.json", "certifications"}) {
    if (name == "certifications") Write("policy.json", WritePolicy(policy));
    ASSERT_EQ(symlink("nothing", Path(name).c_str()), 0);
    ExpectRefused(Verify({"--state", Path("state")}),
                  Path(name) + ": is a link that leads nowhere; mend it or take it away");
    ASSERT_EQ(unlink(Path(name).c_str()), 0) << name;  // still a link: nothing was written over it
  }
}

// One that is named may be anything that can be read.
TEST_F(Program, TakesAPipeThatIsNamed) {
  ProcessSpec spec;
  spec.argv = {"/bin/bash", "-c",
               std::string(kProgram) +
                   " --allow-development-root --root \"$0\" --bundle <(cat "
                   "\"$1.sigstore.jsonl\") \"$1\"",
               root_, file_};
  const auto result = RunProcess(spec);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->exit_code, 0) << result->error_output;
}

TEST_F(Program, WithoutSocketsReallyForbidsThem) {
  ProcessSpec spec;
  spec.argv = {kWithoutSockets, "/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9"};
  const auto result = RunProcess(spec);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->signal, 31) << result->error_output;  // SIGSYS
}

TEST_F(Program, TakesNothingFromOpensslsConfiguration) {
  for (const HostileConfiguration& hostile : WriteHostileConfigurations(directory_.path())) {
    const ProcessResult result =
        Run({"--root", root_, "--allow-development-root", file_}, hostile.environment);
    EXPECT_EQ(result.exit_code, 0) << hostile.name << result.output << result.error_output;
  }
}

TEST_F(Program, FindsRootAndPolicyInTheUsersConfiguration) {
  ASSERT_TRUE(MakeDirectories(JoinPath(directory_.path(), "config/farm"), 0755).has_value());
  Write("config/farm/root.json", maker_.RootBytes());
  Write("config/farm/policy.json", WritePolicy(maker_.policy()));
  const std::vector<std::string> arguments = {"--allow-development-root", file_};
  EXPECT_EQ(Run(arguments, {"XDG_CONFIG_HOME=" + directory_.path() + "/config"}).exit_code, 0);
  EXPECT_EQ(Run(arguments, {"HOME=" + directory_.path()}).exit_code, 22);
  EXPECT_EQ(Run(arguments, {}).exit_code, 22);
}

TEST_F(Program, SaysWhatIsWrongWithItsCode) {
  Write(made_.artifacts[0].first, "other bytes");
  const ProcessResult result = Verify({});
  EXPECT_EQ(result.exit_code, 10);
  // What does not hold stands last, where people look.
  const std::vector<std::string> lines = LinesOf(result.output);
  ASSERT_GE(lines.size(), 4u);
  EXPECT_THAT(lines[lines.size() - 4], testing::StartsWith("FAIL  artifact"));
  EXPECT_THAT(lines[lines.size() - 3],
              testing::MatchesRegex(" +to do +do not use the file; download it again.*"));
  EXPECT_EQ(lines[lines.size() - 2], "NOT VERIFIED");
  EXPECT_EQ(
      lines.back(),
      "to do: do not use the file; download it again, with its bundle (exit 10, rule artifact; "
      "why: farm-verify --explain artifact)");
  EXPECT_THAT(result.output, testing::Not(testing::HasSubstr("--renamed")));
}

TEST_F(Program, RefusesAnotherProductVersionOrName) {
  EXPECT_EQ(Verify({"--product", "hello", "--version", "1.0"}).exit_code, 0);
  EXPECT_EQ(Verify({"--product", "other"}).exit_code, 10);
  EXPECT_EQ(Verify({"--version", "2.0"}).exit_code, 10);
  EXPECT_EQ(Verify({"--product", ""}).exit_code, 2);
  const std::string bundle = file_ + ".sigstore.jsonl";
  file_ = Write("other.tar", made_.artifacts[0].second);
  const ProcessResult renamed = Verify({"--bundle", bundle});
  EXPECT_EQ(renamed.exit_code, 10);
  EXPECT_THAT(renamed.output, testing::HasSubstr("add --renamed"));
  const ProcessResult allowed = Verify({"--bundle", bundle, "--renamed"});
  EXPECT_EQ(allowed.exit_code, 0);
  EXPECT_THAT(LinesOf(allowed.output).back(), testing::EndsWith("  hello 1.0  hello.tar"));
}

TEST_F(Program, RefusesADevelopmentRootByDefault) {
  EXPECT_EQ(Run({"--root", root_, file_}).exit_code, 13);
}

TEST_F(Program, RefusesATruncatedBundleWithTheLine) {
  const std::string text = made_.FileText();
  Write(made_.artifacts[0].first + ".sigstore.jsonl", text.substr(0, text.size() - 100));
  const ProcessResult cut = Verify({});
  EXPECT_EQ(cut.exit_code, 2);
  EXPECT_THAT(cut.error_output, testing::HasSubstr(".sigstore.jsonl line 8"));
  Write(made_.artifacts[0].first + ".sigstore.jsonl", text.substr(0, text.find('\n') + 1));
  EXPECT_EQ(Verify({}).exit_code, 22);
}

TEST_F(Program, RefusesABundleOfAnotherFarm) {
  Write(made_.artifacts[0].first + ".sigstore.jsonl", EvidenceMaker().Make().FileText());
  EXPECT_EQ(Verify({}).exit_code, 11);
}

TEST_F(Program, AVerdictThatCannotBeWrittenIsNone) {
  ProcessSpec spec;
  spec.argv = {"/bin/sh", "-c",  "exec \"$@\" >/dev/full",   "sh", kProgram,
               "--root",  root_, "--allow-development-root", file_};
  const auto result = RunProcess(spec);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_code, 30);
  EXPECT_THAT(result->error_output, testing::HasSubstr("standard output"));
}

TEST_F(Program, NamesMissingFiles) {
  const ProcessResult missing = Run({"--root", root_, file_ + ".missing"});
  EXPECT_EQ(missing.exit_code, 22);
  EXPECT_THAT(LinesOf(missing.error_output).back(), testing::StartsWith("to do: "));
  EXPECT_EQ(Verify({"--bundle", file_ + ".missing"}).exit_code, 22);
  EXPECT_EQ(Verify({"--policy", file_ + ".missing"}).exit_code, 22);
}

TEST_F(Program, ARenamedFileIsToldOfTheOptionLast) {
  const std::string bundle = file_ + ".sigstore.jsonl";
  const std::string mine = Write("mine", made_.artifacts[0].second);
  const ProcessResult result =
      Run({"--root", root_, "--allow-development-root", "--bundle", bundle, mine});
  EXPECT_EQ(result.exit_code, 10);
  EXPECT_THAT(LinesOf(result.output).back(),
              testing::StartsWith("to do: if you renamed it, add --renamed; else download file and "
                                  "bundle again (exit 10"));
}

TEST_F(Program, SaysWhichKindAFileIsThatIsNamedForAnother) {
  const std::string policy = JoinPath(directory_.path(), "policy.json");
  const std::string bundle = file_ + ".sigstore.jsonl";
  const std::string status = Write(
      "other.json",
      WriteBundleLine(
          EvidenceMaker(EvidenceOptions{.monitors = 1})
              .StatusLine(EvidenceMaker(EvidenceOptions{.monitors = 1}).Status(1'800'001'000))) +
          "\n");
  const struct {
    const char* name;
    std::vector<std::string> words;
    const char* said;
  } kRows[] = {
      {"policy_as_root", {"--root", policy, file_}, "; this is a policy, want a trust root\n"},
      {"bundle_as_root", {"--root", bundle, file_}, "; this is a bundle, want a trust root\n"},
      {"status_as_root", {"--root", status, file_}, "; this is a status, want a trust root\n"},
      {"root_as_policy",
       {"--root", root_, "--policy", root_, file_},
       "; this is a trust root, want a policy\n"},
      {"bundle_as_policy",
       {"--root", root_, "--policy", status, file_},
       "; this is a status, want a policy\n"},
      {"root_as_bundle",
       {"--root", root_, "--bundle", root_, file_},
       "; this is a trust root, want a bundle\n"},
      {"policy_as_bundle",
       {"--root", root_, "--bundle", policy, file_},
       "; this is a policy, want a bundle\n"},
      {"policy_as_status",
       {"--root", root_, "--status", policy, file_},
       "; this is a policy, want a status\n"},
      {"bundle_as_status",
       {"--root", root_, "--status", bundle, file_},
       "; this is a bundle, want a status\n"},
  };
  for (const auto& row : kRows) {
    const ProcessResult result = Run(row.words);
    EXPECT_EQ(result.exit_code, 2) << row.name;
    EXPECT_THAT(result.error_output, testing::HasSubstr(row.said)) << row.name;
  }
}

TEST_F(Program, SaysInItsOwnWordsWhereAFileIsNoJson) {
  const std::string bad = Write("bad.json", "{\"format\": }\n");
  for (const char* option : {"--root", "--policy", "--bundle", "--status"}) {
    const bool is_root = std::string_view(option) == "--root";
    const ProcessResult result =
        is_root ? Run({option, bad, file_}) : Run({"--root", root_, option, bad, file_});
    EXPECT_EQ(result.exit_code, 2) << option;
    EXPECT_THAT(result.error_output, testing::HasSubstr("bad.json")) << option;
    EXPECT_THAT(result.error_output, testing::HasSubstr("column 12: want a value")) << option;
    EXPECT_THAT(result.error_output, testing::Not(testing::HasSubstr("parse error"))) << option;
  }
}

TEST_F(Program, SaysWhatIsGivenUpWithADamagedMemory) {
  ASSERT_TRUE(MakeDirectories(JoinPath(directory_.path(), "state"), 0755));
  Write("state/memory.json", "{");
  const ProcessResult result = Verify({"--state", JoinPath(directory_.path(), "state")});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.error_output, testing::HasSubstr("state/memory.json: not JSON"));
  EXPECT_THAT(result.error_output, testing::HasSubstr("To begin anew remove it, which gives up"));
}

TEST_F(Program, ExplainsUsage) {
  EXPECT_EQ(Run({}).exit_code, 2);
  EXPECT_EQ(Verify({"--no-such-option"}).exit_code, 2);
  EXPECT_EQ(Verify({"--at", "tomorrow"}).exit_code, 2);
  const ProcessResult help = Run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.output, testing::HasSubstr("Examples:"));
  EXPECT_EQ(Run({"-h"}).output, help.output);
}

TEST_F(Program, AFileNamedLikeHelpIsNotVerifiedByIt) {
  const struct {
    const char* name;
    std::vector<std::string> arguments;
  } rows[] = {
      {"short_as_the_file", {"--root", root_, "--allow-development-root", "-h"}},
      {"long_as_the_file", {"--root", root_, "--allow-development-root", "--help"}},
      {"beside_a_file", {"-h", file_}},
      {"before_an_option", {"--help", "--json"}},
      {"twice", {"-h", "-h"}},
      {"with_an_unknown_option", {"-h", "--no-such-option"}},
      {"with_more_letters", {"-hello.tar"}},
      {"with_a_value", {"--help=hello.tar"}},
  };
  for (const auto& row : rows) {
    const ProcessResult result = Run(row.arguments);
    EXPECT_EQ(result.exit_code, 2) << row.name << ": " << result.output;
    EXPECT_EQ(result.output, "") << row.name;
  }
  EXPECT_THAT(Run(rows[0].arguments).error_output, testing::HasSubstr("`-- FILE` or `./FILE`"));
  // The remedy: then it is a file, which is not there.
  EXPECT_EQ(Run({"--root", root_, "--allow-development-root", "--", "-h"}).exit_code, 22);
  EXPECT_EQ(Run({"--root", root_, "--allow-development-root", "./-h"}).exit_code, 22);
}

TEST_F(Program, PrintsJsonForScripts) {
  const ProcessResult good = Verify({"--json"});
  const auto json = ParseJson(good.output, "verdict");
  ASSERT_TRUE(json.has_value()) << json.error().message;
  EXPECT_EQ((*json)["format"], "farm-verdict/1");
  EXPECT_EQ((*json)["verified"], true);
  EXPECT_EQ((*json)["exit"], 0);
  EXPECT_EQ((*json)["rules"].size(), 29);
  EXPECT_EQ((*json)["artifact"], "hello.tar");
  const Json root = {{"digest", Sha256(*ReadFile(root_, 1 << 20)).Text()}, {"file", "root"}};
  const std::string policy = Sha256(WritePolicy(maker_.policy())).Text();
  const Json release = {
      {"digest", made_.lines[0].PaeDigest().Text()}, {"file", "bundle"}, {"line", 1}};
  for (const Json& rule : (*json)["rules"]) {
    const Json& evidence = rule["evidence"];
    EXPECT_FALSE(evidence.empty()) << rule["rule"];
    if (rule["rule"] == "root") {
      EXPECT_EQ(evidence, Json::array({root}));
    } else if (rule["rule"] == "artifact") {
      EXPECT_EQ(evidence, Json::array({release}));
    } else if (rule["rule"] == "development-root") {
      EXPECT_EQ(evidence[1]["digest"], policy);
    }
  }
  const auto error = ParseJson(Verify({"--json", "--bundle", "/missing"}).output, "verdict");
  ASSERT_TRUE(error.has_value()) << error.error().message;
  EXPECT_EQ((*error)["verified"], false);
  EXPECT_EQ((*error)["exit"], 22);
}

TEST_F(Program, FactsShowTheRelease) {
  const ProcessResult result = Verify({"--facts"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.output, testing::HasSubstr("expected: at least 3 operators"));
  EXPECT_THAT(result.output, testing::HasSubstr("hello.txt"));
}

TEST_F(Program, RemembersAndRefusesToGoBack) {
  const std::string state = JoinPath(directory_.path(), "state");
  EXPECT_EQ(Verify({"--state", state}).exit_code, 0);
  EXPECT_EQ(Verify({"--state", state}).exit_code, 0);  // the same again
  const MadeRelease newer = maker_.Make([](LineDraft& draft) {
    if (auto* release = std::get_if<Release>(&draft.statement)) release->sequence = 2;
  });
  const std::string newer_bundle = Write("newer.jsonl", newer.FileText());
  EXPECT_EQ(Verify({"--state", state, "--bundle", newer_bundle}).exit_code, 0);
  EXPECT_EQ(Verify({"--state", state}).exit_code, 24);
  EXPECT_EQ(Verify({"--state", state, "--allow-older"}).exit_code, 0);
  EXPECT_EQ(Verify({"--state", state}).exit_code, 24);  // allowed once, not forgotten
  EXPECT_EQ(Verify({}).exit_code, 0);
}

TEST_F(Program, RefusesAnotherReleaseWithTheSequenceItAccepted) {
  const std::string state = JoinPath(directory_.path(), "state");
  EXPECT_EQ(Verify({"--state", state}).exit_code, 0);
  const std::string other_bundle = Write("other.jsonl", maker_.Make().FileText());
  EXPECT_EQ(Verify({"--state", state, "--bundle", other_bundle}).exit_code, 0);  // the same bytes
  const MadeRelease other = maker_.Make([](LineDraft& draft) {
    if (auto* release = std::get_if<Release>(&draft.statement)) ++release->created;
  });
  Write("other.jsonl", other.FileText());
  EXPECT_EQ(Verify({"--bundle", other_bundle}).exit_code, 0);
  const ProcessResult refused = Verify({"--state", state, "--bundle", other_bundle});
  EXPECT_EQ(refused.exit_code, 24) << refused.output;
  EXPECT_THAT(refused.output, testing::HasSubstr("gave one number twice"));
  EXPECT_EQ(Verify({"--state", state, "--bundle", other_bundle, "--allow-older"}).exit_code, 24);
  EXPECT_EQ(Verify({"--state", state}).exit_code, 0);
}

TEST_F(Program, RefusesAnotherRootOfTheVersionThatItAccepted) {
  const std::string state = JoinPath(directory_.path(), "state");
  EXPECT_EQ(Verify({"--state", state}).exit_code, 0);
  const auto with = [&](const TrustRoot& root) {
    Write("root.json", WriteTrustRoot(root, {maker_.Key("root")}));
    return Verify({"--state", state});
  };
  TrustRoot root = maker_.root();
  root.expires += 1;
  const ProcessResult refused = with(root);
  EXPECT_EQ(refused.exit_code, 24) << refused.output;
  EXPECT_THAT(refused.output, testing::HasSubstr("another root of version 1 was accepted before"));
  EXPECT_EQ(Verify({"--state", state, "--allow-older"}).exit_code, 24);
  EXPECT_EQ(Verify({}).exit_code, 0);
  EXPECT_EQ(with(maker_.root()).exit_code, 0);
  // The same words under more signatures, or in a file that is written otherwise, are the same
  // root.
  Write("root.json", maker_.RootBytes() + "\n");
  EXPECT_EQ(Verify({"--state", state}).exit_code, 0);
  root.version = 2;
  EXPECT_EQ(with(root).exit_code, 0);
  EXPECT_EQ(with(maker_.root()).exit_code, 24);
  EXPECT_EQ(Verify({"--state", state, "--allow-older"}).exit_code, 0);
}

TEST_F(Program, WarnsOfTheRootAsOfTheTimeGiven) {
  const auto root_line = [&](UnixSeconds at) {
    const ProcessResult result = Verify({"--at", FormatTime(at)});
    EXPECT_EQ(result.exit_code, 0) << result.output << result.error_output;
    return LinesOf(result.output).at(0);
  };
  const UnixSeconds expires = maker_.root().expires;
  const UnixSeconds created = maker_.root().created;
  const std::int64_t month = 30 * kDaySeconds;
  EXPECT_THAT(root_line(expires + 1), testing::MatchesRegex("warn  root .*the root expired at.*"));
  EXPECT_THAT(root_line(expires), testing::MatchesRegex("warn  root .*the root expires at.*"));
  EXPECT_THAT(root_line(expires - month + 1),
              testing::MatchesRegex("warn  root .*the root expires at.*"));
  EXPECT_THAT(root_line(expires - month), testing::StartsWith("ok    root "));
  EXPECT_THAT(root_line(created), testing::StartsWith("ok    root "));
  EXPECT_THAT(root_line(created - 1), testing::MatchesRegex("warn  root .*was made later.*"));
}

TEST_F(Program, NeedsLibcAndNothingElse) {
  ProcessSpec spec;
  spec.argv = {"/usr/bin/readelf", "-dW", kProgram};
  const auto result = RunProcess(spec);
  ASSERT_TRUE(result.has_value()) << result.error().message;
  ASSERT_EQ(result->exit_code, 0) << result->error_output;
  std::vector<std::string> needed;
  for (const std::string& line : LinesOf(result->output)) {
    if (line.find("(NEEDED)") == std::string::npos) continue;
    const std::size_t open = line.find('[');
    needed.push_back(line.substr(open + 1, line.find(']') - open - 1));
  }
  EXPECT_THAT(needed, testing::IsSubsetOf({"libc.so.6", "ld-linux-x86-64.so.2"}));
  EXPECT_THAT(needed, testing::Contains("libc.so.6"));
}

TEST_F(Program, FitsInEightMegabytes) {
  const std::string stripped = JoinPath(directory_.path(), "farm-verify");
  ProcessSpec spec;
  spec.argv = {"/usr/bin/strip", "-o", stripped, kProgram};
  const auto result = RunProcess(spec);
  ASSERT_TRUE(result.has_value()) << result.error().message;
  ASSERT_EQ(result->exit_code, 0) << result->error_output;
  EXPECT_LT(std::filesystem::file_size(stripped), 8'000'000U);
}

}  // namespace
}  // namespace farm
