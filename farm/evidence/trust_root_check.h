// What must hold of a trust root beside its form.
#pragma once

#include <string>

#include "farm/evidence/trust_root.h"

namespace farm {

// Refuses whatever makes no sense or stands there twice: see ParseTrustRoot.
// Errors: kInvalidInput naming it.
Status CheckTrustRoot(const TrustRoot& root, const std::string& where);

}  // namespace farm
