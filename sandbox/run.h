#pragma once

#include "sandbox/outcome.h"
#include "sandbox/spec.h"

namespace sandbox {

// Runs one command in a sandbox and returns how it ended, with all of it dead.
// `spec` has passed ValidateSpec. Call it from a single-threaded process that has descriptors 0, 1
// and 2 open and no child of its own to wait for; it forks without exec, blocks SIGTERM, SIGINT,
// SIGQUIT and SIGHUP (each cancels the run), ignores SIGPIPE and takes off its own RLIMIT_FSIZE. A
// caller with a umask other than 022 makes outputs of other modes.
// Fails closed: a wall that the kernel cannot give is Ended::kError, before anything is started.
Outcome Run(const Spec& spec);

}  // namespace sandbox
