// Names of packages -> a lock: asks this machine's apt once which packages, in which versions, with
// which digests make up a closure.
#pragma once

#include "farm/base/result.h"
#include "farm/toolchain/apt.h"
#include "farm/toolchain/lock.h"

namespace farm {

// Resolves `request` against the archive as it is now.  The result is a draft: fetch its packages,
// assemble it, and fill in the digests that came out (AssembleRoot).
// The closure is that of `apt-get install`, without Recommends, on an empty machine; then, on a
// machine that has just that, of `apt-get build-dep`.
// Errors: kInvalidInput exit 2 (request malformed), kNotFound exit 22 (no such package or version:
// apt's words), kUnavailable exit 30.
Result<Lock> ResolveLock(const LockRequest& request, const AptPlace& place,
                         const Progress& progress);

}  // namespace farm
