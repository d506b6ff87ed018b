// A verdict on a Sigstore bundle, for people and for scripts.  Private to this folder.
#pragma once

#include <string>

#include "farm/verify/sigstore.h"

namespace farm {

// As VerdictText: one line per rule, those that do not hold last, then the headline.
std::string SigstoreVerdictText(const SigstoreVerdict& verdict);
// `farm-sigstore-verdict/1`, one line of JSON; FORMAT.md has the schema.
std::string SigstoreVerdictJson(const SigstoreVerdict& verdict, const SigstoreInput& input);
// The same for a verdict that could not be reached.
std::string SigstoreErrorJson(const Error& error);

}  // namespace farm
