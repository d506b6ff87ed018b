// What --state remembers of statuses, in the verdict: nothing that one of them has said is taken
// back. Private to this folder.
#pragma once

#include "farm/verify/case.h"

namespace farm {

// Before a status is read: keys that those before it have revoked.
void HeedSeenRevocations(Case& facts);
// A sound status beside those before it: whether it goes back, and what of it is remembered.
void JudgeSeen(Case& facts);
// The release, by what statuses before the one at hand have said.
void JudgeSaidBefore(Case& facts);

}  // namespace farm
