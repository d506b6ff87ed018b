// A verdict for people and for scripts.  Private to this folder.
#pragma once

#include <string>

#include "farm/verify/verify.h"

namespace farm {

// One line per rule (state, name, found, expected, and what to do where it does not hold), the
// headline last.  `explain` adds the facts of the release before the headline.
std::string VerdictText(const Verdict& verdict, bool explain);

// `farm-verdict/1`, one line of JSON; FORMAT.md has the schema.
std::string VerdictJson(const Verdict& verdict, const VerdictInput& input);
// The same for a verdict that could not be reached.
std::string ErrorJson(const Error& error);

}  // namespace farm
