// Why each rule of the verdict is there: the pages of RULES.md, for people and for scripts. Private
// to this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "farm/base/terminal.h"

namespace farm {

struct RulePage {
  std::string rule;  // its name
  // Label ("Checked", "Why it matters", ...) and text, without line ends and marks.
  std::vector<std::pair<std::string, std::string>> paragraphs;
};

// All of them, in the order of the verdict.
const std::vector<RulePage>& RulePages();
// Null if no rule has that name.
const RulePage* FindRulePage(std::string_view rule);

std::string RulePageText(const RulePage& page, const TextStyle& style);
// One line a rule: its name, and the first sentence of what is checked.
std::string RuleListText(const TextStyle& style);
// `farm-rules/1`, one line of JSON: one page, or all where `page` is null.
std::string RulePagesJson(const RulePage* page);

}  // namespace farm
