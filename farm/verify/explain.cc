#include "farm/verify/explain.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/json/json.h"
#include "farm/verify/report.h"
#include "farm/verify/rule_texts.h"
#include "farm/verify/rules.h"

namespace farm {
namespace {

constexpr std::string_view kHeading = "\n## ";
constexpr std::string_view kMark = "**";
constexpr std::size_t kNameColumns = 18;  // the longest rule name and two spaces
constexpr std::size_t kTextIndent = 2;

std::vector<std::string_view> SplitAt(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + separator.size());
  }
}

// "**Label:** text", over several lines.  The document is ours and a test reads all of it: what
// does not read is a mistake of this program.
std::pair<std::string, std::string> ReadParagraph(std::string_view paragraph) {
  constexpr std::string_view kLabelEnd = ":** ";
  const std::size_t end = paragraph.find(kLabelEnd);
  CHECK(paragraph.starts_with(kMark) && end != std::string_view::npos);
  std::string text;
  for (const char c : paragraph.substr(end + kLabelEnd.size())) {
    if (c != '`') text += c == '\n' ? ' ' : c;
  }
  while (text.ends_with(' ')) text.pop_back();
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] += 'A' - 'a';  // it stands alone
  return {std::string(paragraph.substr(kMark.size(), end - kMark.size())), text};
}

std::vector<RulePage> ReadPages() {
  std::vector<RulePage> pages;
  const std::vector<std::string_view> sections = SplitAt(RulesDocument(), kHeading);
  for (std::size_t i = 1; i < sections.size(); ++i) {  // before the first stands what it is
    const std::vector<std::string_view> parts = SplitAt(sections[i], "\n\n");
    RulePage page{std::string(parts.front()), {}};
    for (std::size_t j = 1; j < parts.size(); ++j) {
      page.paragraphs.push_back(ReadParagraph(parts[j]));
    }
    pages.push_back(std::move(page));
  }
  return pages;
}

std::string FirstSentence(const std::string& text) {
  const std::size_t end = text.find(". ");
  return end == std::string::npos ? text : text.substr(0, end + 1);
}

Json PageJson(const RulePage& page) {
  Json paragraphs = Json::array();
  for (const auto& [label, text] : page.paragraphs) {
    paragraphs.push_back({{"label", label}, {"text", text}});
  }
  Json exits = Json::array();
  for (int i = 0; i < kRuleCount; ++i) {
    const Rule rule = static_cast<Rule>(i);
    if (RuleName(rule) != page.rule) continue;
    for (const ExitCode exit : RuleExits(rule)) exits.push_back(static_cast<int>(exit));
  }
  return {{"exits", exits}, {"paragraphs", paragraphs}, {"rule", page.rule}};
}

}  // namespace

const std::vector<RulePage>& RulePages() {
  static const std::vector<RulePage> pages = ReadPages();
  return pages;
}

const RulePage* FindRulePage(std::string_view rule) {
  for (const RulePage& page : RulePages()) {
    if (page.rule == rule) return &page;
  }
  return nullptr;
}

std::string RulePageText(const RulePage& page, const TextStyle& style) {
  std::string text = Coloured(page.rule, Colour::kStrong, style) + "\n";
  for (const auto& [label, words] : page.paragraphs) {
    text += "\n" + Coloured(label, Colour::kStrong, style) + "\n" +
            Wrapped(std::string(kTextIndent, ' ') + words, kTextIndent, style) + "\n";
  }
  return text;
}

std::string RuleListText(const TextStyle& style) {
  std::string text;
  for (const RulePage& page : RulePages()) {
    std::string name = page.rule;
    name.resize(std::max(name.size() + 1, kNameColumns), ' ');
    const std::string line = name + FirstSentence(page.paragraphs.front().second);
    text += Wrapped(line, kNameColumns, style) + "\n";
  }
  return text + "One of them, whole: farm-verify --explain RULE\n";
}

std::string RulePagesJson(const RulePage* page) {
  Json rules = Json::array();
  for (const RulePage& each : RulePages()) {
    if (page == nullptr || page == &each) rules.push_back(PageJson(each));
  }
  return OneLine({{"format", "farm-rules/1"}, {"rules", std::move(rules)}});
}

}  // namespace farm
