// The sandbox's facts of a whole plan: what holds for every one of its actions.  Pure; for this
// folder.
#pragma once

#include <string>

#include "farm/base/result.h"
#include "farm/evidence/facts.h"

namespace farm {

// Takes the facts of one more action into `weakest`, which is empty before the first one.
//   a wall (seccomp, landlock_abi, uid_map, cgroup, limits, disk_limits): the weaker of the two
//   determinism: the higher level
//   usage: times and log bytes are summed, memory is the larger
// `step` is for the message.  Errors: kInternal (anything else differs between two actions of one
// plan, as root_backend or kernel, or is there for one of them only: no one line could be true).
Status AddFacts(const std::string& step, const Facts& facts, Facts& weakest);

}  // namespace farm
