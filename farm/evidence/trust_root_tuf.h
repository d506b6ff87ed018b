// What makes a root of ours a TUF root: the fields around our lists, in which every string is the
// same in TUF's canonical JSON as in RFC 8785 (no control characters).  Spec: TUF 1.0.31 sections
// 4.2 and 4.3.
#pragma once

#include <string>

#include "farm/evidence/trust_root.h"
#include "farm/json/json.h"

namespace farm {

// The whole of `signed`, with `lists` as the field `farm`.
Json TufSignedJson(const TrustRoot& root, Json lists);

// Reads all of `json` but our lists into `root`; answers those, which live as long as `json`.
// Errors: kInvalidInput (also keys and roles that do not say the same).
Result<const Json*> ReadTufSigned(const Json& json, const std::string& where, TrustRoot& root);

// Refuses thresholds that nobody can meet, a tree that some roles serve and others do not, and
// holders of no key.  Errors: kInvalidInput.
Status CheckTufRoles(const TrustRoot& root, const std::string& where);

}  // namespace farm
