// Why: what a release waits for, or why it ended, in sentences that each name the remedy.
#pragma once

#include <string>
#include <vector>

#include "farm/release/ledger.h"
#include "farm/release/state.h"
#include "farm/release/view.h"

namespace farm {

// `waits`: what the last Advance gave.
std::vector<std::string> ReasonsOf(const ReleaseState& state, const ReleaseView& view,
                                   const std::vector<std::string>& waits, const Ledger& ledger);

}  // namespace farm
