#pragma once

#include "sandbox/status.h"

namespace sandbox {

// The assembly profile's command has capabilities. So that they reach nothing that the sandbox has
// made, it gets a user namespace of its own within the run's, with the same ids, a copy of the
// mounts, which the kernel locks for it (a bind that is read-only stays so), and a pid namespace,
// whose /proc it may mount. What it registers for its namespace (binfmt_misc) does not bind the
// check, which is outside. Its limits: hostname, network and shared memory stay those of the run.
//
// Called by a stage's init, with its mounts in place and before it makes itself unreadable. Returns
// in the new process, which is init there; the old one ends when that one ends.
Status EnterAssemblyRoom();

}  // namespace sandbox
