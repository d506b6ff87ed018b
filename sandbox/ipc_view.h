#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include "sandbox/family.h"
#include "sandbox/status.h"

namespace sandbox {

// The times of System V's shared memory, semaphores and message queues, as a command under
// Determinism::kFull sees them: each that is set at all is the one that the clock began with.
// /proc/sysvipc, which has them too, is empty, so that ipcs asks the kernel for one by one.

// Covers /proc/sysvipc, in the mount namespace of the stage.
Status CoverIpcFiles();

#ifdef __x86_64__
// Whether a system call asks for them (shmctl, semctl, msgctl), at its entry.
bool AsksForIpcTimes(const user_regs_struct& registers);
// At its exit: what the kernel has told `thread`, which is stopped, becomes what is shown.
void ShowIpcTimes(pid_t thread, const user_regs_struct& registers, const Family& family);
#endif

}  // namespace sandbox
