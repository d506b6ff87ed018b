// Which pieces of evidence the outcome of a rule is about.
#include <algorithm>
#include <set>

#include "farm/verify/case.h"

namespace farm {
namespace {

using Kinds = unsigned;
constexpr Kinds kRelease = 1 << 0;
constexpr Kinds kRequest = 1 << 1;
constexpr Kinds kIntent = 1 << 2;
constexpr Kinds kRecords = 1 << 3;
constexpr Kinds kApprovals = 1 << 4;
constexpr Kinds kAllLines = kRelease | kRequest | kIntent | kRecords | kApprovals;
constexpr Kinds kTheRoot = 1 << 5;
constexpr Kinds kThePolicy = 1 << 6;
constexpr Kinds kTheStatus = 1 << 7;
constexpr Kinds kCertifications = 1 << 8;
constexpr Kinds kReplayVerdicts = 1 << 9;

Kinds KindsOf(Rule rule) {
  switch (rule) {
    case Rule::kRoot:
    case Rule::kRootVersion:
      return kTheRoot;
    case Rule::kDevelopmentRoot:
      return kTheRoot | kThePolicy;
    case Rule::kRelease:
    case Rule::kArtifact:
    case Rule::kSequence:
      return kRelease;
    case Rule::kStatements:
    case Rule::kSignatures:
    case Rule::kConsistency:
    case Rule::kLines:
      return kAllLines;
    case Rule::kIdentities:
    case Rule::kTimeStamps:
    case Rule::kLog:
    case Rule::kValidity:
      return kAllLines | kTheRoot;
    case Rule::kWitnesses:
      return kAllLines | kTheRoot | kThePolicy;
    case Rule::kRevocations:
      return kAllLines | kTheRoot | kTheStatus;
    case Rule::kOrder:
      return kAllLines | kThePolicy;
    case Rule::kSites:
      return kIntent | kRecords | kThePolicy;
    case Rule::kOutputs:
      return kRelease | kRecords;
    case Rule::kOperators:
    case Rule::kCountries:
      return kRecords | kTheRoot | kThePolicy;
    case Rule::kCertifiers:
      return kRecords | kTheRoot | kThePolicy | kCertifications;
    case Rule::kLimits:
      return kRecords | kTheRoot | kThePolicy;
    case Rule::kApprovals:
      return kRequest | kApprovals | kThePolicy;
    case Rule::kStatus:
      return kRelease | kTheRoot | kThePolicy | kTheStatus;
    case Rule::kWithdrawn:
      return kRelease | kTheStatus;
    case Rule::kManifest:
      return kRelease | kRequest | kIntent | kRecords;
    case Rule::kAgreement:
      return kRecords | kTheStatus;
    case Rule::kReplays:
      return kRelease | kTheRoot | kThePolicy | kReplayVerdicts;
  }
  CHECK(false);
}

// Numbers of the lines of those kinds, readable or not, as the release names them; of all the lines
// where what it names is not known.
std::set<std::size_t> LinesOfKinds(Kinds kinds, const Case& facts) {
  std::set<std::size_t> numbers;
  if (facts.digests.empty()) return numbers;
  if ((kinds & kRelease) != 0) numbers.insert(1);
  const bool others = (kinds & kAllLines & ~kRelease) != 0;
  if (!facts.release) {
    for (std::size_t i = 1; others && i < facts.digests.size(); ++i) numbers.insert(i + 1);
    return numbers;
  }
  const auto add = [&](const Digest& named) {
    for (std::size_t i = 0; i < facts.digests.size(); ++i) {
      if (facts.digests[i] == named) numbers.insert(i + 1);
    }
  };
  const Release& release = facts.release->statement;
  if ((kinds & kRequest) != 0) add(release.request);
  if ((kinds & kIntent) != 0) add(release.intent);
  if ((kinds & kRecords) != 0) std::for_each(release.records.begin(), release.records.end(), add);
  if ((kinds & kApprovals) != 0) {
    std::for_each(release.approvals.begin(), release.approvals.end(), add);
  }
  return numbers;
}

bool IsAbout(const Problems& problems, Rule rule) {
  return std::any_of(problems.begin(), problems.end(),
                     [&](const Problem& problem) { return problem.rule == rule; });
}

// Numbers of the lines that have a problem of the rule by themselves.
std::set<std::size_t> LinesWithProblem(Rule rule, const Case& facts) {
  std::set<std::size_t> numbers;
  const auto look = [&](const auto& line) {
    if (!IsAbout(line.facts.problems, rule)) return;
    numbers.insert(static_cast<std::size_t>(line.bundle - facts.input.lines.data()) + 1);
  };
  if (facts.release) look(*facts.release);
  if (facts.request) look(*facts.request);
  if (facts.intent) look(*facts.intent);
  std::for_each(facts.records.begin(), facts.records.end(), look);
  std::for_each(facts.approvals.begin(), facts.approvals.end(), look);
  return numbers;
}

}  // namespace

std::vector<LookedAt> EvidenceOf(Rule rule, const Case& facts) {
  const VerdictInput& input = facts.input;
  std::vector<LookedAt> evidence;
  const auto add_lines = [&](const std::set<std::size_t>& numbers) {
    for (const std::size_t number : numbers) {
      evidence.push_back({"bundle", facts.digests[number - 1], number});
    }
  };
  const std::set<std::size_t> wrong = LinesWithProblem(rule, facts);
  if (!wrong.empty() && !IsAbout(facts.problems, rule)) {
    add_lines(wrong);
    return evidence;
  }
  const Kinds kinds = KindsOf(rule);
  add_lines(LinesOfKinds(kinds, facts));
  if ((kinds & kTheRoot) != 0) evidence.push_back({"root", input.root_file});
  if ((kinds & kThePolicy) != 0) evidence.push_back({"policy", input.policy_file});
  if ((kinds & kTheStatus) != 0 && input.status) {
    evidence.push_back({"status", input.status->PaeDigest()});
  }
  if ((kinds & kCertifications) != 0) {
    for (const Bundle& line : input.certifications) {
      evidence.push_back({"certifications", line.PaeDigest()});
    }
  }
  if ((kinds & kReplayVerdicts) != 0) {
    for (const ReplayLine& replay : input.replays) {
      evidence.push_back({"replays", replay.line.PaeDigest()});
    }
  }
  return evidence;
}

}  // namespace farm
