// What a trust root says, and what differs between two of them, in words: for the people who sign
// one and for the customer who takes the next.
#pragma once

#include <string>
#include <vector>

#include "farm/evidence/trust_root.h"

namespace farm {

// One line for each thing that the root says, in the order of the file; fit to print.
std::vector<std::string> DescribeTrustRoot(const TrustRoot& root);

// One line for each thing added, removed or said in another way; empty only where the two say the
// same but for version, time of making and the order of lists.  At the end a warning for each
// monitor that is taken out or whose time is shortened, but for what a revocation of its key takes
// back: what its statuses have said is no longer heeded, as nothing is of whom the root does not
// list.
std::vector<std::string> DescribeChanges(const TrustRoot& before, const TrustRoot& after);

// "Ann (1a2b3c4d5e6f7081..)", or the key id alone where the root names no holder.
std::string NameOfRootKey(const TrustRoot& root, const std::string& key_id);

}  // namespace farm
