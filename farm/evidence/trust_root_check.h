// What must hold of a trust root beside its form.
#pragma once

#include <string>
#include <string_view>

#include "farm/evidence/trust_root.h"

namespace farm {

// At most 1024 bytes without control characters.
bool IsLine(std::string_view text);

// Refuses whatever makes no sense or stands there twice: see ParseTrustRoot.
// Errors: kInvalidInput naming it.
Status CheckTrustRoot(const TrustRoot& root, const std::string& where);

}  // namespace farm
