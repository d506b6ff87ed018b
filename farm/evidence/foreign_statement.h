// The in-toto statement in an envelope of whomever: which artifacts it is about.
// Spec: in-toto attestation framework, Statement v1 (and v0.1, whose subjects look the same).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/crypto/digests.h"
#include "farm/evidence/dsse.h"

namespace farm {

constexpr std::size_t kForeignSubjectsMax = 4096;  // attestations of whole releases have hundreds

struct ForeignSubject {
  std::string name;
  std::map<HashAlgorithm, std::string> digests;  // hex as written; other algorithms are left out
};

struct ForeignStatement {
  std::string predicate_type;
  std::vector<ForeignSubject> subjects;
};

// Errors: kInvalidInput (another payload type, a statement of another or no type, a malformed
// subject, no subject), kLimitExceeded.
Result<ForeignStatement> ParseForeignStatement(const Envelope& envelope);

}  // namespace farm
