// The rules of a verdict and the problems found with them.  Private to this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "farm/base/exit_code.h"
#include "farm/base/result.h"

namespace farm {

// In the order in which a customer reads them.  A new rule needs a case in rules_test.cc.
enum class Rule {
  kRoot,
  kRootVersion,
  kDevelopmentRoot,
  kRelease,
  kStatements,
  kArtifact,
  kSignatures,
  kIdentities,
  kTimeStamps,
  kSites,
  kOutputs,
  kOperators,
  kCountries,
  kCertifiers,
  kLimits,
  kApprovals,
  kLog,
  kConsistency,
  kWitnesses,
  kRevocations,
  kStatus,
  kWithdrawn,
  kValidity,
  kOrder,
  kLines,
  kManifest,
  kAgreement,
  kReplays,
  kSequence,
};
constexpr int kRuleCount = static_cast<int>(Rule::kSequence) + 1;

// Never, but in the tests' own build of this library (holes.h), which shows of each rule that it is
// what refuses: with that rule alone left out the same evidence is accepted.
#ifdef FARM_VERIFY_WITH_HOLES
bool LeftOut(Rule rule);
#else
constexpr bool LeftOut(Rule) { return false; }
#endif

std::string_view RuleName(Rule rule);
// What a customer does when the rule does not hold.
std::string_view RuleRemedy(Rule rule);
// The codes of its problems, lowest first.  A rule that could not be judged has none.
std::vector<ExitCode> RuleExits(Rule rule);

struct Problem {
  Rule rule;
  ExitCode exit;
  std::string message;      // which line, what was expected, what was found
  std::string remedy = {};  // where what to do is another than the rule's own
};
using Problems = std::vector<Problem>;

// Says in each message which line it is about, by its name in front.
void NameProblems(const std::string& name, Problems& problems);

// The problem with the lowest exit code as an Error.  `problems` must not be empty.
Error WorstOf(const Problems& problems);

}  // namespace farm
