#pragma once

#include <sys/types.h>

#include "sandbox/family.h"

namespace sandbox {

// Takes from a program that was just executed, and has not run yet, what the kernel put into its
// memory by chance: the vDSO, which reads the clock without a system call, and the random bytes
// that the C library begins with. `process` is stopped and traced. False: its memory is not as it
// must be.
bool HideKernelsGifts(pid_t process, Family* family);

}  // namespace sandbox
