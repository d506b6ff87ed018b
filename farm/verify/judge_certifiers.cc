#include "farm/verify/case.h"

namespace farm {

void JudgeCertifiers(Case& facts) {
  if (!facts.policy.certified_countries) return;
  facts.Add(Rule::kCertifiers, ExitCode::kJurisdiction, "no certifier's statement at hand");
}

}  // namespace farm
