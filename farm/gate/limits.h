// Limits that a release meets only after it is signed: asked before, so that no version is burned
// by a release that nobody can log, prove or read.  Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "farm/base/result.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/statement.h"
#include "farm/evidence/trust_root.h"

namespace farm {

// The statement is a payload that can be logged (kPayloadBytesMax).  The checkpoint note of the
// release line has room for the log, every witness of the root and one consistency proof from each
// tree under which `lines` (all others of the bundle file) were proved, in a log of `log_size`
// entries that may double until then.  The bundle file has room for all of it.
// Errors: kLimitExceeded exit 2, saying what is too much.
Status CheckPublishable(const Release& release, const std::vector<const Bundle*>& lines,
                        const TrustRoot& root, std::uint64_t log_size);

}  // namespace farm
