// What --state remembers of statuses, in the verdict: nothing that one of them has said is taken
// back. Private to this folder.
#pragma once

#include "farm/verify/case.h"

namespace farm {

// Before a status is read: keys that those before it have revoked.
void HeedSeenRevocations(Case& facts);
// A sound status beside those before it: whether it goes back, and what of it is remembered.
void JudgeSeen(Case& facts);
// Of a status that does not count because of what others have said: what it has withdrawn, and
// tells of dissents, is remembered all the same.
void HearUncounted(const Line<FarmStatus>& status, Case& facts);
// Whether a release is good only with a status at hand: by the policy, or since words were lost.
bool AsksForStatus(const Case& facts);
// Where words were lost, a status at hand can have said them.
void JudgeLost(Case& facts);
// The release, by what statuses before the one at hand have said.
void JudgeSaidBefore(Case& facts);

}  // namespace farm
