#include "farm/verify/case.h"

namespace farm {

void JudgeStatus(Case& facts) {
  if (facts.policy.status_max_age_seconds == 0) return;
  facts.Add(Rule::kStatus, ExitCode::kStatusTooOld, "no status at hand");
}

}  // namespace farm
