// Before the answer of a time stamp authority or of a log is kept for ever: whether it will count.
#include "farm/verify/line.h"

namespace farm {
namespace {

Status NotYet(const Bundle& line, Problems problems) {
  if (problems.empty()) return {};
  NameProblems("line " + line.PaeDigest().Short(), problems);
  const Error worst = WorstOf(problems);
  return Error{
      ErrorCode::kUnavailable,
      "an answer that nobody would count, not kept: " + worst.message + "; it is asked for again",
      worst.Exit()};
}

Problem Order(std::string message) {
  return {Rule::kOrder, ExitCode::kNotValidThen, std::move(message)};
}

// U of a line; none where its own checks would fail.
std::optional<UnixSeconds> WitnessedAt(const Bundle& line, const TrustRoot& root,
                                       const Policy& policy) {
  LineFacts facts;
  if (CheckLogEntry(line, root, facts) == nullptr) return std::nullopt;
  CheckWitnesses(line, root, policy, facts);
  return facts.witnessed;
}

}  // namespace

Status CheckNewToken(const Bundle& line, const TokenBounds& bounds, const TrustRoot& root,
                     const Policy& policy) {
  LineFacts facts;
  VerifyCache cache;
  CheckToken(line, root, cache, facts);
  if (facts.token) {
    const UnixSeconds skew = policy.clock_skew_seconds;
    const std::string at = "its time stamp says " + FormatTime(*facts.token);
    if (*facts.token > bounds.now + skew || *facts.token < bounds.asked - skew) {
      facts.problems.push_back(Order(at + ", this clock " + FormatTime(bounds.now) +
                                     ": look at this clock and at the authority's"));
    }
    const std::optional<UnixSeconds> begun =
        bounds.intent == nullptr ? std::nullopt : WitnessedAt(*bounds.intent, root, policy);
    if (begun && *facts.token < *begun - skew) {
      facts.problems.push_back(Order(at + ", but its intent was witnessed at " +
                                     FormatTime(*begun) +
                                     ": look at the clocks of authority and witnesses"));
    }
  }
  return NotYet(line, std::move(facts.problems));
}

Status CheckNewEntry(const Bundle& line, UnixSeconds now, const TrustRoot& root,
                     const Policy& policy) {
  LineFacts facts;
  VerifyCache cache;
  CheckToken(line, root, cache, facts);
  if (CheckLogEntry(line, root, facts) != nullptr) {
    CheckWitnesses(line, root, policy, facts);
  }
  if (facts.token && facts.witnessed &&
      *facts.token > *facts.witnessed + policy.clock_skew_seconds) {
    facts.problems.push_back(Order("time stamp at " + FormatTime(*facts.token) +
                                   ", witnessed before that, at " + FormatTime(*facts.witnessed)));
  }
  if (facts.witnessed && *facts.witnessed > now + policy.clock_skew_seconds) {
    facts.problems.push_back(Order("witnessed at " + FormatTime(*facts.witnessed) +
                                   ", this clock " + FormatTime(now) +
                                   ": look at this clock and at those of the witnesses"));
  }
  return NotYet(line, std::move(facts.problems));
}

}  // namespace farm
