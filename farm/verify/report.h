// A verdict for people and for scripts.  Private to this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "farm/base/terminal.h"
#include "farm/json/json_fwd.h"
#include "farm/verify/verify.h"

namespace farm {

constexpr std::string_view kVerdictFormat = "farm-verdict/1";

// A checklist: one line per rule (state, name, found, expected), those that do not hold last, each
// with a second line that says what to do; then the headline.  `facts` adds those of the release
// before it.  Where it is refused, one more line, the last, says what to do about the rule whose
// code is returned, and how to read more.
//   pipe or file: each of these is one line of printable ASCII, and stays so from version to
//   version terminal: long lines are wrapped, what follows is indented, so that only the headline
//   begins with VERIFIED; colours where `style` wants them
std::string VerdictText(const Verdict& verdict, bool facts, const TextStyle& style);

// What a customer does when there is no verdict, because something could not be read; one line.
std::string ErrorRemedy(const Error& error);

// `farm-verdict/1`, one line of JSON; FORMAT.md has the schema.
std::string VerdictJson(const Verdict& verdict, const VerdictInput& input);
// The same for a verdict that could not be reached, in whatever format it would have had.
std::string ErrorJson(const Error& error, std::string_view format = kVerdictFormat);
// JSON that holds text of any bytes as one line of printable ASCII, with its end: names in it are
// somebody else's words, and a terminal may show it.
std::string OneLine(const Json& json);

// The rules alone, as both verdicts print them: lines of text, those that do not hold last; the
// elements of "rules".
std::string RulesText(const std::vector<RuleOutcome>& rules, const TextStyle& style);
Json RulesJson(const std::vector<RuleOutcome>& rules);
// The headline, in its colour.
std::string HeadlineText(const std::string& headline, bool proved, const TextStyle& style);
// The remedy of the first rule that has the verdict's code, else of the first that does not hold.
// explained: --explain has a page on it.
std::string RemedyText(const std::vector<RuleOutcome>& rules, ExitCode exit, bool explained,
                       const TextStyle& style);

}  // namespace farm
