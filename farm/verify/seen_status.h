// What --state remembers of statuses, in the verdict: nothing that one of them has said is taken
// back. Private to this folder.
#pragma once

#include "farm/verify/case.h"

namespace farm {

// Before a status is read: keys that those before it have revoked.
void HeedSeenRevocations(Case& facts);
// A sound status beside those before it: whether it goes back, and what of it is remembered.
void JudgeSeen(Case& facts);
// Of a status that does not count, for a reason that is not its own: what it says is remembered all
// the same, and nothing of its logs.
void HearWords(const Line<FarmStatus>& status, Case& facts);
// Where words of a monitor were lost, a status of another is at hand.
void JudgeLost(Case& facts);
// The release, by what statuses before the one at hand have said.
void JudgeSaidBefore(Case& facts);

}  // namespace farm
