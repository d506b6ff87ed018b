#include "farm/verify/case.h"

namespace farm {

void JudgeReplays(Case& facts) {
  if (facts.policy.replays == 0) return;
  facts.Add(Rule::kReplays, ExitCode::kReplayInconclusive,
            "0 replayers with MATCH, want at least " + std::to_string(facts.policy.replays));
}

}  // namespace farm
