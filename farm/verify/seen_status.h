// What --state remembers of statuses, in the verdict: nothing that one of them has said is taken
// back. Private to this folder.
#pragma once

#include <optional>

#include "farm/verify/case.h"

namespace farm {

// Before a status is read: keys that those before it have revoked.
void HeedSeenRevocations(Case& facts);
// A sound status beside those before it: whether it goes back, and what of it is remembered.
void JudgeSeen(Case& facts);
// Of a status that is no good for another reason than itself: what it says is remembered all the
// same, and nothing of its logs.
void HearWords(const Line<FarmStatus>& status, Case& facts);
// What is to be remembered where no proof and nobody vouches for the root (root_is_known): anybody
// can make one with a monitor of his own, or with times of his own for another's.  What is news is
// put beside what is known, and takes nothing of that away.
std::optional<SeenStatuses> SeenUnderUnknownRoot(const Case& facts);
// The release, by what statuses before the one at hand have said.
void JudgeSaidBefore(Case& facts);

}  // namespace farm
