// A verdict for people and for scripts.  Private to this folder.
#pragma once

#include <string>
#include <vector>

#include "farm/json/json_fwd.h"
#include "farm/verify/verify.h"

namespace farm {

// One line per rule (state, name, found, expected), those that do not hold last, each with a second
// line that says what to do; then the headline.  `explain` adds the facts of the release before it.
std::string VerdictText(const Verdict& verdict, bool explain);

// `farm-verdict/1`, one line of JSON; FORMAT.md has the schema.
std::string VerdictJson(const Verdict& verdict, const VerdictInput& input);
// The same for a verdict that could not be reached.
std::string ErrorJson(const Error& error);

// The rules alone, as both verdicts print them: lines of text, those that do not hold last; the
// elements of "rules".
std::string RulesText(const std::vector<RuleOutcome>& rules);
Json RulesJson(const std::vector<RuleOutcome>& rules);

}  // namespace farm
