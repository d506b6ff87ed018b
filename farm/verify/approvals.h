// What approvals come to together: which of them count for a manifest, those by diff by way of the
// manifests that they lead back to.  Private to this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "farm/verify/policy.h"
#include "farm/verify/rules.h"
#include "farm/verify/verify.h"

namespace farm {

// An approval as the rules see it.
struct GivenApproval {
  const Approval& statement;
  std::string name;                      // for messages
  std::optional<LineIdentity> identity;  // absent where the line does not count, whatever it says
};

// Everything that `approvals`, of `manifest` and of those before it, do not prove:
// - each is of `manifest`, or an approval by diff leads back to what it is of;
// - each by diff leads back to an approval of a tree, in at most kDiffLinksMax steps;
// - `auditors` distinct ones have approved `manifest`.  One by diff counts if the policy lets it,
// and
//   if its base is approved in the same way by as many as the policy demands: else one person's
//   look at a whole tree would stand for that of all who looked at changes only.
Problems CheckApproved(const std::vector<GivenApproval>& approvals, const Digest& manifest,
                       std::int64_t auditors, const Policy& policy);

}  // namespace farm
