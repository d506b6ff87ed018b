// For tests: no rule has a code that its page (RULES.md) does not name.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>

#include "farm/verify/rules.h"
#include "farm/verify/verify.h"

namespace farm {

inline void ExpectKnownCodes(const Verdict& verdict) {
  ASSERT_EQ(verdict.rules.size(), static_cast<std::size_t>(kRuleCount));
  for (int i = 0; i < kRuleCount; ++i) {
    const RuleOutcome& outcome = verdict.rules[static_cast<std::size_t>(i)];
    if (outcome.exit == ExitCode::kProved) continue;
    EXPECT_THAT(RuleExits(static_cast<Rule>(i)), testing::Contains(outcome.exit)) << outcome.rule;
  }
}

}  // namespace farm
