// For tests: evidence that one rule alone refuses, before a verifier that can leave out a rule.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "farm/verify/holes.h"
#include "farm/verify/rules.h"
#include "farm/verify/verify.h"

namespace farm {

inline std::vector<Rule> AllRules() {
  std::vector<Rule> rules;
  for (int i = 0; i < kRuleCount; ++i) rules.push_back(static_cast<Rule>(i));
  return rules;
}

inline Verdict JudgeWithout(const VerdictInput& input, std::optional<Rule> rule) {
  LeaveOut(rule);
  Verdict verdict = Judge(input);
  LeaveOut(std::nullopt);
  return verdict;
}

inline const RuleOutcome& OutcomeOf(const Verdict& verdict, Rule rule) {
  return verdict.rules[static_cast<std::size_t>(rule)];
}

inline std::vector<std::string> Broken(const Verdict& verdict) {
  std::vector<std::string> names;
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held) names.push_back(outcome.rule + ": " + outcome.found);
  }
  return names;
}

// The same evidence is accepted by a verifier that leaves out `rule`, and by no other.
inline void ExpectItAloneRefuses(Rule rule, const VerdictInput& input) {
  const Verdict whole = JudgeWithout(input, std::nullopt);
  for (const Rule left_out : AllRules()) {
    const Verdict verdict = JudgeWithout(input, left_out);
    const bool missing = left_out == rule;
    EXPECT_EQ(verdict.proved(), missing)
        << "without " << RuleName(left_out) << ": " << testing::PrintToString(Broken(verdict));
    EXPECT_EQ(verdict.exit, missing ? ExitCode::kProved : whole.exit) << RuleName(left_out);
    EXPECT_EQ(verdict.headline.starts_with("VERIFIED"), missing) << RuleName(left_out);
  }
}

}  // namespace farm
