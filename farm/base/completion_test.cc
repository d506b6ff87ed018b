// The scripts, run by the shells that read them.
#include "farm/base/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/base/process.h"

namespace farm {
namespace {

class Scripts : public testing::Test {
 protected:
  Scripts() : directory_(*TemporaryDirectory::Make(testing::TempDir())) {
    app_.add_option("FILE", text_)->required();
    app_.add_option("--root", text_, "the root's file: \"it's\" $here");
    app_.add_option("--rule,-r", text_, "one of few");
    app_.add_flag("--json", flag_, "one line");
    CLI::App* trust = app_.add_subcommand("trust", "what you trust\nand more of it");
    CLI::App* show = trust->add_subcommand("show", "print it");
    show->add_option("NAME", text_);
    show->add_flag("--all", flag_, "everything");
    trust->add_subcommand("forget", "remove it");
    completion_.program = "a-program";
    completion_.places = {{"", "--rule", {"log", "lines", "root"}},
                          {"trust show", "NAME", {"first", "second"}}};
    AddCommands({"", &app_}, completion_);
    for (const char* name : {"release.tar", "log file"}) {
      EXPECT_TRUE(
          WriteDurably(RealFileSystem(), JoinPath(directory_.path(), name), "").has_value());
    }
  }

  std::string Script(std::string_view shell) {
    const auto script = CompletionScript(completion_, shell);
    EXPECT_TRUE(script.has_value());
    return *script;
  }
  std::vector<std::string> Lines(std::vector<std::string> argv) {
    ProcessSpec spec;
    spec.argv = std::move(argv);
    spec.environment = {"PATH=/usr/bin:/bin", "HOME=" + directory_.path(),
                        "XDG_CONFIG_HOME=" + directory_.path(), "TERM=dumb", "LC_ALL=C.UTF-8"};
    spec.working_directory = directory_.path();
    const auto result = RunProcess(spec);
    EXPECT_TRUE(result.has_value());
    EXPECT_EQ(result->exit_code, 0) << result->error_output;
    EXPECT_EQ(result->error_output, "");
    std::vector<std::string> lines = Split(result->output, '\n');
    std::erase(lines, "");
    return lines;
  }
  std::vector<std::string> Bash(const std::vector<std::string>& words) {
    std::string text = Script("bash") + "COMP_WORDS=(a-program";
    for (const std::string& word : words) text += " " + ("'" + word + "'");
    text += ")\nCOMP_CWORD=" + std::to_string(words.size()) +
            "\n_a_program\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
    return Lines({"bash", "--norc", "-uc", text});
  }
  // The words alone, without their descriptions.
  std::vector<std::string> Fish(const std::string& line) {
    std::vector<std::string> offers = Lines(
        {"fish", "--no-config", "-c", Script("fish") + "complete -C " + ("'" + line + "'") + "\n"});
    for (std::string& offer : offers) offer.resize(std::min(offer.find('\t'), offer.size()));
    return offers;
  }
  // The command line after a TAB at its end, in a terminal of its own.
  std::string Zsh(const std::string& line) {
    std::string text = "zmodload zsh/zpty\nzpty shell zsh -f -i\n";
    text += "zpty -w shell 'PS1=; PROMPT_EOL_MARK=; autoload -Uz compinit && compinit -D'\n";
    text += "zpty -w shell 'source ./script; print ready-$((1+1))'\n";
    text += "zpty -r shell seen '*ready-2*'\n";
    text += "zpty -n -w shell '" + line + "'$'\\t'\n";
    text += "zpty -n -w shell $'\\x01print -r -- \"<\\x05>\"\\n'\n";
    text += "zpty -r shell seen $'*\\n<*>*'\nprint -r -- $seen\nzpty -d shell\n";
    EXPECT_TRUE(WriteDurably(RealFileSystem(), JoinPath(directory_.path(), "script"), Script("zsh"))
                    .has_value());
    const std::string output = Join(Lines({"zsh", "-f", "-c", text}), "\n");
    const std::size_t begin = output.rfind('<');
    return output.substr(begin + 1, output.rfind('>') - begin - 1);
  }

  TemporaryDirectory directory_;
  CLI::App app_{"a program\nof more lines", "a-program"};
  std::string text_;
  bool flag_ = false;
  Completion completion_;
};

TEST_F(Scripts, BashOffersWhatMayFollow) {
  using testing::UnorderedElementsAre;
  EXPECT_THAT(Bash({"--r"}), UnorderedElementsAre("--root", "--rule"));
  EXPECT_THAT(Bash({"-"}),
              UnorderedElementsAre("--help", "-h", "--root", "--rule", "-r", "--json"));
  EXPECT_THAT(Bash({""}), UnorderedElementsAre("trust", "release.tar", "log file"));
  EXPECT_THAT(Bash({"--root", ""}), UnorderedElementsAre("release.tar", "log file"));
  EXPECT_THAT(Bash({"--rule", "l"}), UnorderedElementsAre("log", "lines"));
  EXPECT_THAT(Bash({"-r", "l"}), UnorderedElementsAre("log", "lines"));
  EXPECT_THAT(Bash({"--rule", "="}), UnorderedElementsAre("log", "lines", "root"));
  EXPECT_THAT(Bash({"--rule", "=", "l"}), UnorderedElementsAre("log", "lines"));
  EXPECT_THAT(Bash({"trust", ""}), UnorderedElementsAre("show", "forget"));
  EXPECT_THAT(Bash({"trust", "show", ""}), UnorderedElementsAre("first", "second"));
  EXPECT_THAT(Bash({"trust", "show", "--a"}), UnorderedElementsAre("--all"));
  EXPECT_THAT(Bash({"trust", "show", "--root", ""}), UnorderedElementsAre("first", "second"));
  EXPECT_THAT(Bash({"--json", "trust", "--a"}), UnorderedElementsAre());  // trust is a file here
}

TEST_F(Scripts, FishOffersWhatMayFollow) {
  using testing::UnorderedElementsAre;
  EXPECT_THAT(Fish("a-program --r"), UnorderedElementsAre("--root", "--rule"));
  EXPECT_THAT(Fish("a-program t"), testing::ElementsAre("trust"));
  EXPECT_THAT(Fish("a-program --root rel"), testing::ElementsAre("release.tar"));
  EXPECT_THAT(Fish("a-program --rule l"), UnorderedElementsAre("log", "lines"));
  EXPECT_THAT(Fish("a-program trust "), UnorderedElementsAre("show", "forget"));
  EXPECT_THAT(Fish("a-program trust show "), UnorderedElementsAre("first", "second"));
  EXPECT_THAT(Fish("a-program trust show --a"), testing::ElementsAre("--all"));
  EXPECT_THAT(Fish("a-program rel"), testing::ElementsAre("release.tar"));
}

TEST_F(Scripts, ZshCompletesWhatMayFollow) {
  EXPECT_EQ(Zsh("a-program --js"), "a-program --json");
  EXPECT_EQ(Zsh("a-program tr"), "a-program trust");
  EXPECT_EQ(Zsh("a-program --root rel"), "a-program --root release.tar");
  EXPECT_EQ(Zsh("a-program --rule li"), "a-program --rule lines");
  EXPECT_EQ(Zsh("a-program trust fo"), "a-program trust forget");
  EXPECT_EQ(Zsh("a-program trust show sec"), "a-program trust show second");
}

TEST_F(Scripts, ThereAreForTheShellsNamedAndNoOther) {
  for (const std::string_view shell : kCompletionShells) {
    EXPECT_THAT(Script(shell), testing::HasSubstr("a-program")) << shell;
  }
  const auto other = CompletionScript(completion_, "csh");
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace farm
