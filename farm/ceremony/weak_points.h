// What a trust root allows and its makers may regret: no rule refuses it.
#pragma once

#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/evidence/trust_root.h"

namespace farm {

// One line for each weak point, with the remedy; empty where there is none that we know.
// before: the root that this one follows; null: it is the first.  What that one lists and this one
// does not is a weak point: evidence is judged by the newest root, however old it is.
// `now` is when the root is about to be used.
std::vector<std::string> WeakPoints(const TrustRoot& root, const TrustRoot* before,
                                    UnixSeconds now);

}  // namespace farm
