#pragma once

#include "sandbox/spec.h"
#include "sandbox/status.h"

namespace sandbox {

// Sets this process's rlimits. They are per process (RLIMIT_NPROC: per user of the user namespace),
// which is all that a caller without a cgroup has; with one they are a second wall. Each but
// RLIMIT_FSIZE, whose signal says what it was, leaves room above the limit, so that the limit is
// seen to be passed, and named, and does not only refuse. `memory_is_observed`: no cgroup bounds
// memory, so bound each process's data.
Status SetRlimits(const Spec& spec, bool memory_is_observed);

// Takes off the limit on the size of files that the caller has. A failure: he may not have more,
// and it is less than --disk-bytes allows; the build would meet a limit that it does not have
// elsewhere.
Status RaiseFileSize(const Spec& spec);

// The kernel lets nobody pass a descriptor on while more are on their way for his user than he may
// open. A command that is the caller outside can bring that about, as far as its own limit goes. So
// the launcher, which passes them, takes as many as it may have, and SetRlimits gives half at most.
Status RaiseOpenFiles();
// To the usual limit: for a program that the launcher starts.
Status LowerOpenFiles();

}  // namespace sandbox
