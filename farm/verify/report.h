// A verdict for people and for scripts.  Private to this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "farm/json/json_fwd.h"
#include "farm/verify/verify.h"

namespace farm {

constexpr std::string_view kVerdictFormat = "farm-verdict/1";

// One line per rule (state, name, found, expected), those that do not hold last, each with a second
// line that says what to do; then the headline.  `explain` adds the facts of the release before it.
std::string VerdictText(const Verdict& verdict, bool explain);

// `farm-verdict/1`, one line of JSON; FORMAT.md has the schema.
std::string VerdictJson(const Verdict& verdict, const VerdictInput& input);
// The same for a verdict that could not be reached, in whatever format it would have had.
std::string ErrorJson(const Error& error, std::string_view format = kVerdictFormat);
// JSON that holds text of any bytes as one line, with its end.
std::string OneLine(const Json& json);

// The rules alone, as both verdicts print them: lines of text, those that do not hold last; the
// elements of "rules".
std::string RulesText(const std::vector<RuleOutcome>& rules);
Json RulesJson(const std::vector<RuleOutcome>& rules);

}  // namespace farm
