#pragma once

#include "sandbox/spec.h"
#include "sandbox/status.h"

namespace sandbox {

// The oldest Landlock that lets a build rename files between directories (Linux 5.19).
constexpr int kLandlockAbiMin = 2;

// Landlock's ABI of this kernel; 0 if it has none.
int LandlockAbi();

// The second wall: confines this process and its children, whatever mounts, owners and system
// calls would allow.
//   kBuild: read and execute everywhere; write below /build, /tmp, /dev/shm and into devices;
//           nothing in /proc is writable; TCP neither bound nor connected unless `loopback`;
//           signals and abstract sockets do not leave.
//   kAssembly: only TCP, signals and abstract sockets; mounts are impossible under a domain that
//           handles files.
// What an older ABI does not know is left to the first wall; less than kLandlockAbiMin is refused.
// no_new_privs must be set. Returns the ABI of the domain that is now in force; 0: none, for
// nothing that this profile wants is known to the kernel.
Result<int> RestrictWithLandlock(Profile profile, bool loopback);

}  // namespace sandbox
