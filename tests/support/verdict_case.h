// Inputs of verdicts as a customer has them: files for verifiers that are other programs.
#pragma once

#include <string>

#include "farm/verify/verify.h"
#include "tests/support/evidence_maker.h"

namespace farm {

// Where the variable FARM_VERDICT_CASES names a folder, writes `input` into its folder `name`: the
// file under its name in FILE/, bundle, root.json signed by the maker's key, policy.json, and
// "allow" if a development root is allowed.  `name` is that of no other case.  Nothing where the
// variable is not set, and where the input has what no such files say: memory, wishes, another name
// on purpose, a status, certifiers' statements and replay verdicts.
void WriteVerdictCase(const std::string& name, const VerdictInput& input, const MadeRelease& made,
                      const EvidenceMaker& maker);

}  // namespace farm
