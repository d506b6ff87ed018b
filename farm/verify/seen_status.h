// What --state remembers of statuses, in the verdict: nothing that one of them has said is taken
// back. Private to this folder.
#pragma once

#include <string>

#include "farm/verify/case.h"

namespace farm {

// A log that only a newer root knows: nobody here can judge its head, and no release of this root
// is in it.
bool IsOfNewerRoot(const FarmStatus& status, const StatusLog& log, const TrustRoot& root);
// Its time has not come yet: by this machine's clock or by the stamps' it is wrong.
bool IsAhead(const Case& facts);

// The customer's root revokes them, too.
void AddRevocations(const RevokedSince& keys, const std::string& reason, Case& facts);
RevokedSince RevokedBy(const FarmStatus& status);
// Two trees of one size, in the status and in `other`.  Which of them is the fork nobody can say
// here: neither is remembered.
void AddFork(const Checkpoint& head, const std::string& other, Case& facts);

// Before a status is read: keys that those before it have revoked.
void HeedSeenRevocations(Case& facts);
// A sound status beside those before it: whether it goes back, and what of it is remembered.
void JudgeSeen(Case& facts);
// The release, by what statuses before the one at hand have said.
void JudgeSaidBefore(Case& facts);

}  // namespace farm
