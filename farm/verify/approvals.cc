#include "farm/verify/approvals.h"

#include <algorithm>
#include <map>
#include <set>

#include "farm/base/amount.h"
#include "farm/verify/quorum.h"

namespace farm {
namespace {

using Approvals = std::vector<const GivenApproval*>;
using ByManifest = std::map<Digest, Approvals>;

bool IsByDiff(const GivenApproval& approval) { return approval.statement.base.has_value(); }

// The manifests that approvals by diff lead to from `start`; `start` itself only if they lead back
// to it.
std::set<Digest> BasesFrom(const Digest& start, const ByManifest& given) {
  std::set<Digest> found;
  std::vector<Digest> open = {start};
  while (!open.empty()) {
    const auto approvals = given.find(open.back());
    open.pop_back();
    if (approvals == given.end()) continue;
    for (const GivenApproval* approval : approvals->second) {
      if (IsByDiff(*approval) && found.insert(*approval->statement.base).second) {
        open.push_back(*approval->statement.base);
      }
    }
  }
  return found;
}

// How many steps it is from each manifest to an approval of a tree, where that is at most
// kDiffLinksMax.  A circle that no tree is tied to has no number.
std::map<Digest, int> StepsToTrees(const ByManifest& given) {
  std::map<Digest, int> steps;
  for (const auto& [manifest, approvals] : given) {
    if (!std::all_of(approvals.begin(), approvals.end(),
                     [](const GivenApproval* approval) { return IsByDiff(*approval); })) {
      steps.emplace(manifest, 0);
    }
  }
  for (int round = 1; round <= kDiffLinksMax; ++round) {
    std::vector<Digest> reached;
    for (const auto& [manifest, approvals] : given) {
      if (steps.contains(manifest)) continue;
      if (std::any_of(approvals.begin(), approvals.end(), [&](const GivenApproval* approval) {
            return steps.contains(*approval->statement.base);
          })) {
        reached.push_back(manifest);
      }
    }
    for (const Digest& manifest : reached) steps.emplace(manifest, round);
  }
  return steps;
}

std::string WhyNoTree(const GivenApproval& approval, const ByManifest& given) {
  const Digest& base = *approval.statement.base;
  if (!given.contains(base)) return "no approval of its base " + base.Short() + " is there";
  const std::set<Digest> further = BasesFrom(base, given);
  if (further.contains(base) || base == approval.statement.manifest) {
    return "its base " + base.Short() + " leads back to itself and to no approval of a tree";
  }
  return "its base " + base.Short() + " leads back to no approval of a tree in " +
         std::to_string(kDiffLinksMax) + " steps";
}

// Who has approved each manifest.  With each round those count whose bases were found approved in
// the rounds before, so that nothing can hold itself up.
std::map<Digest, std::vector<LineIdentity>> CountAuditors(const ByManifest& given,
                                                          std::size_t wanted, bool diffs_count) {
  std::map<Digest, std::vector<LineIdentity>> counted;
  std::set<Digest> approved;
  for (int round = 0; round <= kDiffLinksMax; ++round) {
    std::set<Digest> now;
    for (const auto& [manifest, approvals] : given) {
      std::vector<LineIdentity> auditors;
      for (const GivenApproval* approval : approvals) {
        const bool counts =
            !IsByDiff(*approval) || (diffs_count && approved.contains(*approval->statement.base));
        if (counts && approval->identity) auditors.push_back(*approval->identity);
      }
      counted[manifest] = DistinctParties(auditors);
      if (counted[manifest].size() >= wanted) now.insert(manifest);
    }
    if (now == approved) break;
    approved = std::move(now);
  }
  return counted;
}

Problem Wrong(const std::string& message) {
  return {Rule::kApprovals, ExitCode::kApproval, message};
}

}  // namespace

Problems CheckApproved(const std::vector<GivenApproval>& approvals, const Digest& manifest,
                       std::int64_t auditors, const Policy& policy) {
  ByManifest given;
  for (const GivenApproval& approval : approvals) {
    given[approval.statement.manifest].push_back(&approval);
  }
  Problems problems;
  const std::set<Digest> bases = BasesFrom(manifest, given);
  const std::map<Digest, int> steps = StepsToTrees(given);
  for (const GivenApproval& approval : approvals) {
    const Digest& of = approval.statement.manifest;
    if (of != manifest && !bases.contains(of)) {
      problems.push_back(Wrong(approval.name + ": is for manifest " + of.Short() + ", want " +
                               manifest.Short() + ", and no approval by diff leads back to it"));
      continue;
    }
    if (!IsByDiff(approval)) continue;
    const auto base = steps.find(*approval.statement.base);
    if (base == steps.end() || base->second >= kDiffLinksMax) {
      problems.push_back(Wrong(approval.name + ": " + WhyNoTree(approval, given)));
    }
  }

  // Without any demand a base still needs somebody.
  const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(policy.auditors, 1));
  auto counted = CountAuditors(given, wanted, policy.diff_approvals);
  Problems few = CheckAuditors(counted[manifest], auditors);
  for (Problem& problem : few) {
    for (const GivenApproval* approval : given[manifest]) {
      if (!IsByDiff(*approval) || !approval->identity) continue;
      const Digest& base = *approval->statement.base;
      const std::size_t found = counted[base].size();
      if (!policy.diff_approvals) {
        problem.message += "; " + approval->name + " is by diff, which the policy does not count";
      } else if (found < wanted) {
        problem.message += "; " + approval->name + " is by diff since " + base.Short() +
                           ", which has " + Amount(found, "auditor") + " itself";
      }
    }
    problems.push_back(std::move(problem));
  }
  return problems;
}

}  // namespace farm
