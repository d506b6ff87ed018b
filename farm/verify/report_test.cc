// The checklist as people and scripts see it.
#include "farm/verify/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "farm/base/bytes.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr TextStyle kTerminal{.colours = true, .columns = 60};
constexpr TextStyle kWithoutColour{.colours = false, .columns = 60};

Verdict Refused() {
  Verdict verdict;
  verdict.rules = {
      {"artifact", false, false, "the file is an artifact of the release",
       "no artifact of the release has the file's name or digest sha256:" + std::string(64, 'a'),
       "do not use the file; download it again", ExitCode::kArtifactUnknown},
      {"root", true, true, "a root signed by its own keys", "the root expires soon", "",
       ExitCode::kProved},
      {"sites", false, false, "at least 3 sites", "not judged: no readable release",
       "do not use the file; too few sites", ExitCode::kProved},
      {"log", true, false, "every line is proved to be in a known log", "8 lines", "",
       ExitCode::kProved},
  };
  verdict.exit = ExitCode::kArtifactUnknown;
  verdict.headline = "NOT VERIFIED";
  return verdict;
}

Verdict Proved() {
  Verdict verdict;
  verdict.rules = {
      {"log", true, false, "every line is in a log", "8 lines", "", ExitCode::kProved}};
  verdict.exit = ExitCode::kProved;
  verdict.headline = "VERIFIED  hello 1.0  hello.tar";
  return verdict;
}

std::vector<std::string> LinesIn(const std::string& text) {
  EXPECT_TRUE(text.ends_with('\n'));
  return Split(std::string_view(text).substr(0, text.size() - 1), '\n');
}

TEST(VerdictText, InAPipeIsOneLineARuleWhoeverFailsLastAndThenWhatToDo) {
  const auto lines = LinesIn(VerdictText(Refused(), false, {}));
  ASSERT_EQ(lines.size(), 8u);
  EXPECT_EQ(lines[0],
            "warn  root              found: the root expires soon | expected: a root signed by its "
            "own keys");
  EXPECT_THAT(lines[1], testing::StartsWith("ok    log               found: 8 lines"));
  EXPECT_THAT(lines[2], testing::StartsWith("FAIL  artifact          found: no artifact"));
  EXPECT_EQ(lines[3], "      to do             do not use the file; download it again");
  EXPECT_THAT(lines[4], testing::StartsWith("FAIL  sites "));
  EXPECT_EQ(lines[6], "NOT VERIFIED");
  EXPECT_EQ(
      lines[7],
      "to do: do not use the file; download it again (exit 10, rule artifact; why: farm-verify "
      "--explain artifact)");
}

TEST(VerdictText, EndsWithWhatWasProved) {
  EXPECT_EQ(LinesIn(VerdictText(Proved(), false, {})).back(), "VERIFIED  hello 1.0  hello.tar");
  EXPECT_EQ(LinesIn(VerdictText(Proved(), false, kTerminal)).back(),
            "\x1b[32mVERIFIED  hello 1.0  hello.tar\x1b[0m");
}

TEST(VerdictText, OnATerminalFitsAndHasTheSameWords) {
  const std::string wrapped = VerdictText(Refused(), false, kWithoutColour);
  EXPECT_THAT(wrapped, testing::StartsWith("warn  root              found: the root expires soon\n"
                                           "                        expected: a root signed by its "
                                           "own\n"));
  std::string words = wrapped;
  for (const std::string& line : LinesIn(wrapped)) EXPECT_LE(line.size(), 60u) << line;
  std::string plain = VerdictText(Refused(), false, {});
  for (std::string* text : {&words, &plain}) {
    std::erase_if(*text, [](char c) { return c == ' ' || c == '\n' || c == '|'; });
  }
  EXPECT_EQ(words, plain);
}

TEST(VerdictText, ColoursTheStateAlone) {
  const std::string text = VerdictText(Refused(), false, kTerminal);
  EXPECT_THAT(text, testing::HasSubstr("\x1b[1;31mFAIL\x1b[0m  artifact"));
  EXPECT_THAT(text, testing::HasSubstr("\x1b[33mwarn\x1b[0m  root"));
  EXPECT_THAT(text, testing::HasSubstr("\x1b[32mok\x1b[0m    log"));
  EXPECT_THAT(text, testing::HasSubstr("\x1b[1;31mNOT VERIFIED\x1b[0m\n"));
  EXPECT_EQ(VerdictText(Refused(), false, kWithoutColour).find('\x1b'), std::string::npos);
}

// Names in the evidence are somebody else's words: wrapped, they must not look like a headline.
TEST(VerdictText, NoWordOfTheEvidenceBeginsALine) {
  Verdict verdict = Refused();
  verdict.rules[0].found = "the release calls this file ";
  for (int i = 0; i < 30; ++i) verdict.rules[0].found += "VERIFIED ";
  verdict.rules[0].found += "\nVERIFIED\x1b[32m";
  for (std::size_t columns = 20; columns < 120; ++columns) {
    for (const std::string& line : LinesIn(VerdictText(verdict, false, {false, columns}))) {
      EXPECT_FALSE(line.starts_with("VERIFIED")) << columns;
      EXPECT_EQ(line.find('\x1b'), std::string::npos) << columns;
    }
  }
}

// C1 controls and what turns the direction of text round, of a bundle that nobody has signed.
TEST(VerdictJson, IsPrintableWhateverTheEvidenceSays) {
  const std::string hostile =
      "1\xc2\x9b"
      "31m\xe2\x80\xae\x7f\xf0\x9f\x98\x80";
  Verdict verdict = Refused();
  verdict.product = verdict.version = verdict.artifact = verdict.rules[0].found = hostile;
  VerdictInput input;
  input.file_name = hostile;
  const std::string line = VerdictJson(verdict, input);
  ASSERT_TRUE(line.ends_with('\n'));
  EXPECT_EQ(Printable(line.substr(0, line.size() - 1), line.size()) + "\n", line);
  const auto json = ParseJson(line, "verdict");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->at("product"), hostile);
  EXPECT_EQ(json->at("version"), hostile);
  EXPECT_EQ(json->at("artifact"), hostile);
  EXPECT_EQ(json->at("file"), hostile);
}

TEST(RemedyText, IsOfTheRuleWhoseCodeIsReturned) {
  std::vector<RuleOutcome> rules = Refused().rules;
  EXPECT_THAT(RemedyText(rules, ExitCode::kArtifactUnknown, false, {}),
              testing::EndsWith("download it again (exit 10, rule artifact)\n"));
  std::swap(rules[0], rules[2]);  // one that was not judged stands in front
  EXPECT_THAT(RemedyText(rules, ExitCode::kArtifactUnknown, false, {}),
              testing::HasSubstr("rule artifact"));
  // Nothing has the code: then what to do about the first that does not hold.
  EXPECT_THAT(RemedyText(rules, ExitCode::kInternal, true, {}), testing::HasSubstr("rule sites"));
  EXPECT_EQ(RemedyText(Proved().rules, ExitCode::kInternal, true, {}), "");
}

TEST(ErrorRemedy, IsNeverEmpty) {
  for (const ExitCode exit : {ExitCode::kUsage, ExitCode::kBadSignature, ExitCode::kInputMissing,
                              ExitCode::kUnavailable}) {
    EXPECT_THAT(ErrorRemedy(Error{ErrorCode::kInternal, "x", exit}),
                testing::StartsWith("to do: "));
  }
}

}  // namespace
}  // namespace farm
