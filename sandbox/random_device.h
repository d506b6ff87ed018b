#pragma once

#include "sandbox/family.h"
#include "sandbox/status.h"

namespace sandbox {

// /dev/random and /dev/urandom under Determinism::kFull: a file of a FUSE file system that this
// process serves in a thread of its own, for the kernel then says which thread reads, and each gets
// its own sequence. FUSE needs no privilege inside a user namespace.
// In the stage's mount namespace, with /dev in place. `fuse`: a copy of the host's /dev/fuse, a
// detached mount (borrowed). `family` outlives the stage.
// Spec: <linux/fuse.h>, protocol 7.
Status StartRandomDevice(int fuse, Family* family);

}  // namespace sandbox
