// What farm-verify says besides verdicts: rules, policies, completion.  None of it may be taken for
// a verdict: each ends with 0 only where no file can be meant.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "farm/verify/policy.h"

namespace farm {
namespace {

class Commands : public testing::Test {
 protected:
  Commands()
      : directory_(*TemporaryDirectory::Make(testing::TempDir())),
        program_(std::filesystem::absolute("farm/verify/farm-verify").string()) {}

  ProcessResult RunWords(std::vector<std::string> argv, std::vector<std::string> environment = {}) {
    ProcessSpec spec;
    spec.argv = std::move(argv);
    spec.environment = std::move(environment);
    spec.environment.push_back("PATH=/usr/bin:/bin");
    spec.working_directory = directory_.path();
    const auto result = RunProcess(spec);
    EXPECT_TRUE(result.has_value());
    return *result;
  }
  ProcessResult Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), program_);
    return RunWords(std::move(arguments));
  }
  // As on a terminal of so many columns.
  std::string RunOnTerminal(const std::string& arguments, int columns,
                            std::vector<std::string> environment = {}) {
    environment.push_back("SHELL=/bin/sh");
    environment.push_back("TERM=xterm");
    const std::string command =
        "stty cols " + std::to_string(columns) + "; " + program_ + " " + arguments;
    return RunWords({"script", "-qec", command, "/dev/null"}, std::move(environment)).output;
  }
  void Write(const std::string& name, const std::string& bytes) {
    EXPECT_TRUE(
        WriteDurably(RealFileSystem(), JoinPath(directory_.path(), name), bytes).has_value());
  }

  TemporaryDirectory directory_;
  std::string program_;
};

TEST_F(Commands, ExplainPrintsOneRuleOrAll) {
  const ProcessResult one = Run({"--explain", "agreement"});
  EXPECT_EQ(one.exit_code, 0);
  EXPECT_THAT(one.output, testing::StartsWith("agreement\n"));
  EXPECT_THAT(one.output, testing::HasSubstr("Why it matters\n"));
  const ProcessResult all = Run({"--explain"});
  EXPECT_EQ(all.exit_code, 0);
  EXPECT_THAT(all.output, testing::HasSubstr("\nagreement "));
  EXPECT_EQ(Run({"--explain", "all"}).output, all.output);
  const auto json = ParseJson(Run({"--explain", "agreement", "--json"}).output, "rules");
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ((*json)["rules"][0]["rule"], "agreement");
}

TEST_F(Commands, ExplainStandsAlone) {
  Write("agreement", "a file that has a rule's name");
  const std::vector<std::string> rows[] = {
      {"--explain", "no-such-rule"},
      {"--explain", ""},
      {"--explain", "agreement", "another"},
      {"--explain", "agreement", "--root", "root.json"},
      {"--root", "root.json", "--explain", "agreement"},
      {"agreement", "--explain"},
      {"agreement", "--explain=agreement"},
      {"--explain", "--explain", "agreement"},
      {"--explain", "agreement", "--json", "--json"},
      // A script's `--json "$FILE"` and `"$FILE" --json`, of a file that is called so.
      {"--json", "--explain"},
      {"--json", "--explain=agreement"},
      {"--explain", "--json"},
      {"--explain=agreement", "--json"},
      {"--explain=agreement"},
  };
  for (const auto& row : rows) {
    const ProcessResult result = Run(row);
    EXPECT_EQ(result.exit_code, 2) << Join(row, " ");
    EXPECT_EQ(result.output, "") << Join(row, " ");
  }
  EXPECT_THAT(Run({"--explain", "no-such-rule"}).error_output,
              testing::HasSubstr("want one of: all root root-version"));
  EXPECT_EQ(Run({"--", "--explain"}).exit_code, 22);  // a file, which is not there
}

TEST_F(Commands, PolicyListsShowsAndExplainsTemplates) {
  EXPECT_THAT(Run({"policy", "list"}).output, testing::HasSubstr("neutral-country "));
  for (const std::string name : {"development", "neutral-country", "two-operators"}) {
    const ProcessResult shown = Run({"policy", "show", name});
    EXPECT_EQ(shown.exit_code, 0) << name;
    EXPECT_TRUE(ParsePolicy(shown.output, name).has_value()) << name;
    Write("policy.json", shown.output);
    const ProcessResult words = Run({"policy", "explain", "policy.json"});
    EXPECT_EQ(words.exit_code, 0) << name;
    EXPECT_THAT(words.output, testing::StartsWith("policy.json demands\n")) << name;
    const ProcessResult json = Run({"policy", "explain", "--json", "policy.json"});
    EXPECT_TRUE(ParseJson(json.output, name).has_value()) << json.output;
  }
  EXPECT_EQ(Run({"policy", "explain", "missing.json"}).exit_code, 22);
  EXPECT_EQ(Run({"policy", "show", "strict"}).exit_code, 2);
  Write("policy.json", "{}");
  const ProcessResult bad = Run({"policy", "explain", "policy.json", "--json"});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.error_output, testing::HasSubstr("policy.json"));
  EXPECT_THAT(Split(bad.error_output, '\n'),
              testing::ElementsAre(testing::_, testing::StartsWith("to do: "), ""));
  const auto error = ParseJson(bad.output, "error");
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ((*error)["exit"], 2);
}

TEST_F(Commands, AWordThatIsACommandsIsNotOnlyAFileThatIsMissing) {
  const struct {
    std::vector<std::string> words;
    int exit;
    const char* meant;
  } kRows[] = {
      {{"policy"}, 22, "; did you mean `farm-verify policy --help`?\n"},
      {{"trust"}, 22, "; did you mean `farm-verify trust --help`?\n"},
      {{"sigstore"}, 22, "; did you mean `farm-verify sigstore --help`?\n"},
      {{"completion"}, 22, "; did you mean `farm-verify completion bash`?\n"},
      {{"policy", "lst"}, 2, "; did you mean `farm-verify policy --help`?\n"},
      {{"completion", "csh"}, 2, "; did you mean `farm-verify completion bash`?\n"},
  };
  for (const auto& row : kRows) {
    const ProcessResult result = Run(row.words);
    EXPECT_EQ(result.exit_code, row.exit) << Join(row.words, " ");
    EXPECT_THAT(result.error_output, testing::HasSubstr(row.meant)) << Join(row.words, " ");
  }
  for (const char* name : {"policy", "other"}) {  // a file is there, or the word is none of ours
    if (std::string_view(name) == "policy") Write(name, "");
    EXPECT_THAT(Run({name}).error_output, testing::Not(testing::HasSubstr("did you mean")));
  }
}

TEST_F(Commands, VersionAloneSaysWhichProgramThisIs) {
  const ProcessResult result = Run({"--version"});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  const Digest own = DigestOfFile(program_)->digest;
  const Digest rules = DigestOfFile(std::filesystem::absolute("farm/verify/RULES.md"))->digest;
  EXPECT_THAT(
      Split(result.output, '\n'),
      testing::ElementsAre("farm-verify " + own.Text(), "rules   29, RULES.md " + rules.Text(),
                           testing::StartsWith("reads   farm-root/1 farm-root/2 "),
                           testing::StartsWith("writes  farm-verdict/1 "), ""));
  EXPECT_THAT(result.output, testing::Not(testing::HasSubstr("VERIFIED")));
  const std::string policy = Run({"policy", "show", "two-operators"}).output;
  const std::string format = ParseJson(policy, "policy")->at("format").get<std::string>();
  EXPECT_THAT(result.output, testing::HasSubstr(" " + format + " "));
  // Beside any other word it is the option that a script gives the wanted version to.
  for (const auto& words : std::vector<std::vector<std::string>>{{"--version", ""},
                                                                 {"--version", "1.0"},
                                                                 {"--json", "--version"},
                                                                 {"--version=1.0"},
                                                                 {"--version="},
                                                                 {"--", "--version"}}) {
    const ProcessResult other = Run(words);
    EXPECT_THAT(other.exit_code, testing::AnyOf(2, 22)) << Join(words, " ");
    EXPECT_EQ(other.output, "") << Join(words, " ");
  }
}

// 0 for a word that is a file of a script's would say that it is verified.
TEST_F(Commands, FilesNamedLikeACommandAreJudged) {
  const std::vector<std::string> rows[] = {
      {"policy"},
      {"completion"},
      {"policy", "--root", "root.json"},
      {"completion", "--root", "root.json"},
      {"--root", "root.json", "policy"},
      {"--root", "root.json", "policy", "list"},
      {"--root", "root.json", "completion", "bash"},
      {"completion", "bash", "--root", "root.json"},
      {"policy", "list", "--root", "root.json"},
      {"trust"},
      {"trust", "--root", "root.json"},
      {"--root", "root.json", "trust", "show"},
      {"trust", "--help", "show"},
      {"trust", "show", "--help", "--json"},
      {"trust", "update", "--help", "directory"},
      {"policy", "--help", "list"},
      {"policy", "list", "--help", "--json"},
      {"policy", "show", "development", "more"},
      {"completion", "csh"},
      {"./policy", "list"},
  };
  for (const auto& row : rows) {
    const ProcessResult result = Run(row);
    EXPECT_THAT(result.exit_code, testing::AnyOf(2, 22)) << Join(row, " ");
    EXPECT_EQ(result.output, "") << Join(row, " ");
  }
  EXPECT_EQ(Run({"policy", "--help"}).exit_code, 0);
  EXPECT_EQ(Run({"policy", "show", "--help"}).exit_code, 0);
  EXPECT_EQ(Run({"trust", "--help"}).exit_code, 0);
  EXPECT_EQ(Run({"trust", "update", "--help"}).exit_code, 0);
}

TEST_F(Commands, ATerminalGetsItsWidthAndColoursAPipeNeither) {
  const std::string narrow = RunOnTerminal("--explain agreement", 50);
  EXPECT_THAT(narrow, testing::StartsWith("\x1b[1magreement\x1b[0m"));
  for (std::string line : Split(narrow, '\n')) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.find('\x1b') != std::string::npos) continue;
    EXPECT_LE(line.size(), 50u) << line;
  }
  EXPECT_GT(Split(narrow, '\n').size(),
            Split(RunOnTerminal("--explain agreement", 100), '\n').size());
  EXPECT_THAT(RunOnTerminal("--explain agreement", 50, {"NO_COLOR=1"}),
              testing::Not(testing::HasSubstr("\x1b[")));
  const std::string piped =
      RunWords({program_, "--explain", "agreement"}, {"COLUMNS=50", "TERM=xterm"}).output;
  EXPECT_THAT(piped, testing::Not(testing::HasSubstr("\x1b[")));
  EXPECT_EQ(piped, Run({"--explain", "agreement"}).output);
}

// What bash offers after these words, the last of which is not finished.
class BashCompletion : public Commands {
 protected:
  std::vector<std::string> Offers(const std::vector<std::string>& words) {
    std::string script = "eval \"$('" + program_ + "' completion bash)\"\nCOMP_WORDS=(farm-verify";
    for (const std::string& word : words) script += " '" + word + "'";
    script += ")\nCOMP_CWORD=" + std::to_string(words.size()) +
              "\n_farm_verify\nprintf '%s\\n' \"${COMPREPLY[@]}\"\ncomplete -p farm-verify >&2\n";
    const ProcessResult result = RunWords({"bash", "--norc", "-c", script});
    EXPECT_EQ(result.exit_code, 0) << result.error_output;
    EXPECT_EQ(result.error_output, "complete -F _farm_verify farm-verify\n");
    std::vector<std::string> offers = Split(result.output, '\n');
    std::erase(offers, "");
    return offers;
  }
};

TEST_F(BashCompletion, OffersOptionsCommandsWordsAndFiles) {
  Write("release.tar", "");
  Write("other file.tar", "");
  EXPECT_THAT(Offers({"--allow"}),
              testing::UnorderedElementsAre("--allow-older", "--allow-development-root"));
  EXPECT_THAT(Offers({"pol"}), testing::ElementsAre("policy"));
  EXPECT_THAT(Offers({""}), testing::IsSupersetOf({"policy", "sigstore", "trust", "completion",
                                                   "release.tar", "other file.tar"}));
  EXPECT_THAT(Offers({"--root", "rel"}), testing::ElementsAre("release.tar"));
  EXPECT_THAT(Offers({"--root", "=", "rel"}), testing::ElementsAre("release.tar"));
  EXPECT_THAT(Offers({"--root", "--po"}), testing::IsEmpty());
  EXPECT_THAT(Offers({"--explain", "a"}),
              testing::UnorderedElementsAre("all", "artifact", "approvals", "agreement"));
  EXPECT_THAT(Offers({"policy", ""}), testing::UnorderedElementsAre("explain", "list", "show"));
  EXPECT_THAT(Offers({"trust", ""}), testing::UnorderedElementsAre("init", "update", "show"));
  EXPECT_THAT(Offers({"trust", "init", "--fi"}), testing::ElementsAre("--fingerprint"));
  EXPECT_THAT(Offers({"policy", "show", ""}),
              testing::UnorderedElementsAre("development", "neutral-country", "two-operators"));
  EXPECT_THAT(Offers({"policy", "explain", "rel"}), testing::ElementsAre("release.tar"));
  EXPECT_THAT(Offers({"completion", ""}), testing::UnorderedElementsAre("bash", "fish", "zsh"));
  EXPECT_THAT(Offers({"sigstore", "--id"}), testing::ElementsAre("--identity"));
  EXPECT_THAT(Offers({"--id"}), testing::IsEmpty());
  EXPECT_THAT(Offers({"release.tar", "sigstore", "--id"}), testing::IsEmpty());
}

// Nothing of --help is missing, in any command that the program has and that takes an option.
TEST_F(BashCompletion, OffersEveryOptionOfTheHelp) {
  std::vector<std::string> commands;
  for (const std::string& line : Split(Run({"completion", "bash"}).output, '\n')) {
    const std::size_t end = line.find("') options='-");
    if (line.starts_with("    '") && end != std::string::npos) {
      commands.push_back(line.substr(5, end - 5));
    }
  }
  EXPECT_THAT(commands, testing::IsSupersetOf({"", " sigstore", " policy explain", " trust",
                                               " trust init", " trust update", " trust show"}));
  for (const std::string& command : commands) {
    std::vector<std::string> words = Split(command, ' ');
    words.erase(words.begin());
    std::vector<std::string> help = words;
    help.push_back("--help");
    std::vector<std::string> wanted;
    for (const std::string& line : Split(Run(help).output, '\n')) {
      const std::size_t begin = line.find("--");
      if (!line.starts_with("  -") || begin == std::string::npos) continue;
      wanted.push_back(line.substr(begin, line.find_first_of(" ,=", begin) - begin));
    }
    EXPECT_FALSE(wanted.empty()) << command;
    words.push_back("--");
    EXPECT_THAT(Offers(words), testing::UnorderedElementsAreArray(wanted)) << command;
  }
}

}  // namespace
}  // namespace farm
