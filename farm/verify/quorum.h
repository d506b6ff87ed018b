// Counting parties and comparing outcomes, on plain values.  Private to this folder.
#pragma once

#include <string>
#include <vector>

#include "farm/evidence/statement.h"
#include "farm/verify/policy.h"
#include "farm/verify/rules.h"
#include "farm/verify/verify.h"

namespace farm {

// Records whose ids and keys are all different: who comes twice counts once.
std::vector<LineIdentity> DistinctParties(const std::vector<LineIdentity>& parties);

// Sites, operators, countries that the policy demands.
Problems CheckSites(const std::vector<LineIdentity>& sites, const Policy& policy);
Problems CheckAuditors(const std::vector<LineIdentity>& auditors, std::int64_t count);
// All of one intent, succeeded, and of the same outcome.
Problems CheckSameBuild(const std::vector<const Record*>& records);

}  // namespace farm
