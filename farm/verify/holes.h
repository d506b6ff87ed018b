// Of //farm/verify:verify-with-holes alone, which is for tests: one rule of the verdict left out.
// The verifier that is shipped has neither this nor the code behind it (rules_test.cc looks).
#pragma once

#include <optional>

#include "farm/verify/rules.h"

namespace farm {

// From now on no verdict of this process has a finding of this rule; none: all rules again.
// Not thread-safe.
void LeaveOut(std::optional<Rule> rule);

// Stands in every program that has the holes.
const char* HolesMark();

}  // namespace farm
