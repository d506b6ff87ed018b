// Every rule has its page, and the pages say what the program does.
#include "farm/verify/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <map>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/json/json.h"
#include "farm/verify/rule_texts.h"
#include "farm/verify/rules.h"

namespace farm {
namespace {

std::string Paragraph(const RulePage& page, std::string_view label) {
  for (const auto& [name, text] : page.paragraphs) {
    if (name == label) return text;
  }
  return "";
}

// The numbers at the beginning of the parts of "11 (forged), 18 (none)."
std::vector<int> CodesIn(const std::string& text) {
  std::vector<int> codes;
  for (const std::string_view part : Split(text, ',')) {
    const std::size_t begin = part.find_first_not_of(' ');
    const std::size_t end = part.find_first_not_of("0123456789", begin);
    const auto code = ParseDecimal(part.substr(begin, end - begin), 255);
    if (code) codes.push_back(static_cast<int>(*code));
  }
  return codes;
}

TEST(RulePages, ThereIsOneForEveryRuleInTheirOrder) {
  std::vector<std::string> rules;
  for (int i = 0; i < kRuleCount; ++i) rules.emplace_back(RuleName(static_cast<Rule>(i)));
  std::vector<std::string> pages;
  for (const RulePage& page : RulePages()) pages.push_back(page.rule);
  EXPECT_EQ(pages, rules);
}

// The rules and codes of FORMAT.md's table: `a`, `b` | holds if | 11; 18 none.
std::map<std::string, std::string> RowsOfTheFormat() {
  const std::string format = ReadFile("farm/verify/FORMAT.md", 1 << 20).value();
  const std::size_t begin = format.find("\n### Rules of the verdict\n");
  const std::size_t end = format.find("\n## ", begin);
  std::map<std::string, std::string> rows;
  for (const std::string& line : Split(format.substr(begin, end - begin), '\n')) {
    if (!line.starts_with("| `")) continue;
    const std::vector<std::string> cells = Split(line, '|');
    EXPECT_EQ(cells.size(), 5u) << line;
    const std::vector<std::string> names = Split(cells[1], '`');
    for (std::size_t i = 1; i < names.size(); i += 2) {
      EXPECT_TRUE(rows.emplace(names[i], cells[cells.size() - 2]).second) << names[i];
    }
  }
  return rows;
}

// "Enough to write another verifier from."
TEST(RuleTable, HasEveryRuleAndItsCodes) {
  const std::map<std::string, std::string> rows = RowsOfTheFormat();
  EXPECT_EQ(rows.size(), static_cast<std::size_t>(kRuleCount));
  for (int i = 0; i < kRuleCount; ++i) {
    const Rule rule = static_cast<Rule>(i);
    const auto row = rows.find(std::string(RuleName(rule)));
    ASSERT_NE(row, rows.end()) << RuleName(rule);
    for (const ExitCode exit : RuleExits(rule)) {
      EXPECT_THAT(row->second,
                  testing::ContainsRegex("(^|[^0-9])" + std::to_string(static_cast<int>(exit)) +
                                         "([^0-9]|$)"))
          << row->first;
    }
  }
}

TEST(RulePages, SayWhatIsCheckedWhyWhatARefusalMeansWhatToDoAndTheCode) {
  for (int i = 0; i < kRuleCount; ++i) {
    const Rule rule = static_cast<Rule>(i);
    const RulePage* page = FindRulePage(RuleName(rule));
    ASSERT_NE(page, nullptr) << RuleName(rule);
    std::vector<std::string> labels;
    for (const auto& [label, text] : page->paragraphs) {
      labels.push_back(label);
      EXPECT_GT(text.size(), 10u) << page->rule << " " << label;
      EXPECT_TRUE(text.ends_with('.')) << page->rule << " " << label;
    }
    const std::string means = RuleExits(rule).empty() ? "A warning means" : "A refusal means";
    EXPECT_THAT(labels,
                testing::ElementsAre("Checked", "Why it matters", means, "What to do", "Exit code"))
        << page->rule;
  }
}

TEST(RulePages, HaveTheRemedyAndTheCodesOfTheProgram) {
  for (int i = 0; i < kRuleCount; ++i) {
    const Rule rule = static_cast<Rule>(i);
    const RulePage& page = *FindRulePage(RuleName(rule));
    std::string remedy(RuleRemedy(rule));
    remedy[0] = static_cast<char>(std::toupper(remedy[0]));
    std::erase(remedy, '`');  // the marks of code are not in the pages' text
    EXPECT_THAT(Paragraph(page, "What to do"), testing::StartsWith(remedy + ".")) << page.rule;
    std::vector<int> exits;
    for (const ExitCode exit : RuleExits(rule)) exits.push_back(static_cast<int>(exit));
    EXPECT_EQ(CodesIn(Paragraph(page, "Exit code")), exits) << page.rule;
  }
}

TEST(RulePages, AreThoseOfTheDocument) {
  const auto document = ReadFile("farm/verify/RULES.md", 1 << 20);
  ASSERT_TRUE(document.has_value()) << document.error().message;
  EXPECT_EQ(RulesDocument(), *document);
  EXPECT_EQ(FindRulePage("no-such-rule"), nullptr);
  EXPECT_EQ(FindRulePage(""), nullptr);
  EXPECT_EQ(FindRulePage("all"), nullptr);  // it means all of them on the command line
}

TEST(RulePageText, IsWrappedOnATerminalOnly) {
  const RulePage& page = *FindRulePage("agreement");
  const std::string plain = RulePageText(page, {});
  EXPECT_THAT(plain, testing::StartsWith("agreement\n\nChecked\n  All records say"));
  EXPECT_THAT(plain, testing::Not(testing::HasSubstr("\x1b")));
  EXPECT_THAT(plain, testing::Not(testing::HasSubstr("*")));
  const std::string wrapped = RulePageText(page, {.colours = true, .columns = 50});
  EXPECT_THAT(wrapped, testing::StartsWith("\x1b[1magreement\x1b[0m\n"));
  for (const std::string_view line :
       Split(RulePageText(page, {.colours = false, .columns = 50}), '\n')) {
    EXPECT_LE(line.size(), 50u) << line;
  }
}

TEST(RuleList, HasALineForEveryRule) {
  const std::string list = RuleListText({});
  for (const RulePage& page : RulePages()) {
    EXPECT_THAT("\n" + list, testing::HasSubstr("\n" + page.rule + " ")) << page.rule;
  }
}

TEST(RulePagesJson, HoldsOnePageOrAll) {
  const auto all = ParseJson(RulePagesJson(nullptr), "rules");
  ASSERT_TRUE(all.has_value()) << all.error().message;
  EXPECT_EQ((*all)["format"], "farm-rules/1");
  EXPECT_EQ((*all)["rules"].size(), static_cast<std::size_t>(kRuleCount));
  const auto one = ParseJson(RulePagesJson(FindRulePage("time-stamps")), "rules");
  ASSERT_TRUE(one.has_value()) << one.error().message;
  ASSERT_EQ((*one)["rules"].size(), 1u);
  EXPECT_EQ((*one)["rules"][0]["rule"], "time-stamps");
  EXPECT_EQ((*one)["rules"][0]["exits"], Json({11, 18}));
  EXPECT_EQ((*one)["rules"][0]["paragraphs"][0]["label"], "Checked");
}

}  // namespace
}  // namespace farm
