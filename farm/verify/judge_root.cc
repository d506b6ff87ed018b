#include "farm/crypto/hash.h"
#include "farm/verify/case.h"

namespace farm {
namespace {

constexpr std::int64_t kExpiryWarningDays = 30;  // time enough to fetch a new root by hand

void ForgetStatus(Case& facts) {
  if (!facts.seen) return;
  facts.seen.reset();
  facts.not_remembered =
      "what the status says, for its root is refused, or older than one that was seen before";
}

// The root's people never give one version to two.
void JudgeSameRoot(Case& facts) {
  const VerdictInput& input = facts.input;
  if (input.newest_root_version != input.root.version || !input.newest_root) return;
  const Digest found = SignedDigest(input.root);
  if (found == *input.newest_root) return;
  ForgetStatus(facts);  // whoever made it has made the monitors as well
  facts.Add(Rule::kRootVersion, ExitCode::kRollback,
            "another root of version " + std::to_string(input.root.version) +
                " was accepted before: what is signed has SHA-256 " + found.Hex() + ", that had " +
                input.newest_root->Hex() +
                "; it is another farm's, or somebody shows two histories");
}

}  // namespace

Digest SignedDigest(const TrustRoot& root) { return Sha256(WriteTrustRootSigned(root)); }

void JudgeRoot(Case& facts) {
  const VerdictInput& input = facts.input;
  const TrustRoot& root = input.root;
  // Releases are judged at their own times (CheckLine: a root says nothing of what was signed after
  // its end); what the root is worth today is only a warning.
  if (input.at > root.expires) {
    facts.Warn(Rule::kRoot, "the root expired at " + FormatTime(root.expires));
  } else if (input.at > root.expires - kExpiryWarningDays * kDaySeconds) {
    facts.Warn(Rule::kRoot, "the root expires at " + FormatTime(root.expires));
  }
  if (input.at < root.created) {
    facts.Warn(Rule::kRoot, "the root was made later, at " + FormatTime(root.created));
  }
  if (input.newest_root_version && root.version < *input.newest_root_version) {
    ForgetStatus(facts);  // its monitor may be one that the newer root revokes
    const std::string message = "root version " + std::to_string(root.version) + ", version " +
                                std::to_string(*input.newest_root_version) + " was seen before";
    if (input.allow_older) {
      facts.Warn(Rule::kRootVersion, message);
    } else {
      facts.Add(Rule::kRootVersion, ExitCode::kRollback, message);
    }
  }
  JudgeSameRoot(facts);
  if (!root.development) return;
  const bool refuses = input.policy.refuse_development_root;
  if (input.allow_development_root && !refuses) return;
  ForgetStatus(facts);  // whoever made such a root is the monitor as well
  facts.Add(Rule::kDevelopmentRoot, ExitCode::kJurisdiction,
            refuses ? "a development root, which your policy refuses" : "a development root");
}

}  // namespace farm
