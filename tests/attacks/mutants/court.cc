#include "tests/attacks/mutants/court.h"

#include <gtest/gtest.h>

#include <utility>

#include "farm/base/bytes.h"
#include "farm/verify/policy.h"
#include "tests/attacks/mutants/meaning.h"

namespace farm::mutants {
namespace {

std::vector<std::string> BrokenRules(const Verdict& verdict) {
  std::vector<std::string> names;
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held && outcome.exit == verdict.exit) names.push_back(outcome.rule);
  }
  return names;
}

// All that is not in the bundle left out.
bool IsProvedByTheBundle(VerdictInput input) {
  input.status.reset();
  input.certifications.clear();
  input.replays.clear();
  return Judge(input).proved();
}

std::string MessageOf(const Verdict& verdict) {
  for (const RuleOutcome& outcome : verdict.rules) {
    if (!outcome.held && outcome.exit == verdict.exit) return outcome.found;
  }
  return verdict.headline;
}

// All of it, to be judged again.
std::string TextOf(const VerdictInput& mutant) {
  std::string text;
  for (const Bundle& line : mutant.lines) text += WriteBundleLine(line) + "\n";
  if (mutant.status) text += "status " + WriteBundleLine(*mutant.status) + "\n";
  for (const Bundle& line : mutant.certifications) {
    text += "certification " + WriteBundleLine(line) + "\n";
  }
  for (const ReplayLine& replay : mutant.replays) {
    text += "replay " + WriteBundleLine(replay.line) + "\n";
  }
  return text + WriteTrustRootSigned(mutant.root) + "\n" + WritePolicy(mutant.policy);
}

}  // namespace

Court::Court(std::string title, std::vector<Row> table, VerdictInput good, bool whole)
    : good_(std::move(good)),
      verdict_(Judge(good_)),
      ledger_(std::move(title), std::move(table), whole) {
  EXPECT_TRUE(verdict_.proved()) << MessageOf(verdict_);
}

void Court::Accept(const Row& row, const std::string& kind, const std::string& name,
                   const VerdictInput& mutant, const Verdict& verdict) {
  const auto kept = [&] { return TextOf(mutant); };
  if (row.accepted == Accepted::kNever) return ledger_.AddFault(kind, "ACCEPTED", name, kept);
  // Whatever else: the same file of the same product and version was proved.
  if (verdict.headline != verdict_.headline || mutant.file_digest != good_.file_digest) {
    return ledger_.AddFault(kind, "ACCEPTED as something else", name + ": " + verdict.headline,
                            kept);
  }
  if (row.accepted == Accepted::kOwnWords) return;
  if (WriteTrustRootSigned(mutant.root) != WriteTrustRootSigned(good_.root) ||
      WritePolicy(mutant.policy) != WritePolicy(good_.policy)) {
    return ledger_.AddFault(kind, "ACCEPTED by another root or policy", name, kept);
  }
  if (row.accepted != Accepted::kNoBetter) {
    return ledger_.HoldToLikeness(row, kind, name, CompareEvidence(mutant, good_), kept);
  }
  if (!IsProvedByTheBundle(mutant)) {
    ledger_.AddFault(kind, "ACCEPTED where it is needed", name, kept);
  }
}

void Court::Try(const std::string& kind, const std::string& name,
                const Result<VerdictInput>& mutant) {
  const Row* const row = ledger_.Count(kind, name);
  if (row == nullptr) return;
  if (!mutant) return ledger_.Refuse(*row, kind, mutant.error());
  const Verdict verdict = Judge(*mutant);
  if (verdict.proved()) {
    ledger_.CountAccepted(*row);
    return Accept(*row, kind, name, *mutant, verdict);
  }
  EXPECT_EQ(verdict.headline, "NOT VERIFIED") << name;
  if (verdict.exit == ExitCode::kUsage) ledger_.CountUnnamed(*row);
  const int code = static_cast<int>(verdict.exit);
  const std::vector<std::string> broken = BrokenRules(verdict);
  bool named = false;
  for (const std::string& rule : broken) named = named || row->rules.contains(rule);
  if (!row->codes.contains(code) || !named) {
    ledger_.AddFault(kind, "refused with " + std::to_string(code) + " by " + Join(broken, " "),
                     name + ": " + MessageOf(verdict), [&] { return TextOf(*mutant); });
  }
}

void Court::TryLines(const std::string& kind, const std::string& name,
                     Result<std::vector<Bundle>> lines) {
  if (!lines) return Try(kind, name, lines.error());
  VerdictInput mutant = good_;
  mutant.lines = *std::move(lines);
  Try(kind, name, mutant);
}

void Court::TryLine(const std::string& kind, const std::string& name, std::size_t line,
                    const std::string& text) {
  TryText(kind, name, text,
          [line](VerdictInput& mutant, Bundle bent) { mutant.lines[line] = std::move(bent); });
}

void Court::TryText(const std::string& kind, const std::string& name, const std::string& text,
                    const Put& put) {
  Result<Bundle> bent = ParseBundleLine(text, "line");
  if (!bent) return Try(kind, name, bent.error());
  VerdictInput mutant = good_;
  put(mutant, *std::move(bent));
  Try(kind, name, mutant);
}

void Court::TryPolicy(const std::string& kind, const std::string& name, const std::string& text) {
  const auto policy = ParsePolicy(text, "policy");
  if (!policy) return Try(kind, name, policy.error());
  VerdictInput mutant = good_;
  mutant.policy = *policy;
  Try(kind, name, mutant);
}

}  // namespace farm::mutants
