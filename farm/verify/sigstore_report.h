// A verdict on a Sigstore bundle, for people and for scripts.  Private to this folder.
#pragma once

#include <string>

#include "farm/base/terminal.h"
#include "farm/verify/sigstore.h"

namespace farm {

// As VerdictText: a checklist, the headline, and what to do where it is refused.
std::string SigstoreVerdictText(const SigstoreVerdict& verdict, const TextStyle& style);
// `farm-sigstore-verdict/1`, one line of JSON; FORMAT.md has the schema.
std::string SigstoreVerdictJson(const SigstoreVerdict& verdict, const SigstoreInput& input);
// The same for a verdict that could not be reached.
std::string SigstoreErrorJson(const Error& error);

}  // namespace farm
