// What a trust root allows and its makers may regret: no rule refuses it.
#pragma once

#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/evidence/trust_root.h"

namespace farm {

// One line for each weak point, with the remedy; empty where there is none that we know.
// `now` is when the root is about to be used.
std::vector<std::string> WeakPoints(const TrustRoot& root, UnixSeconds now);

}  // namespace farm
