#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "sandbox/family.h"

namespace sandbox {

// Takes from a program that was just executed, and has not run yet, what the kernel put into its
// memory by chance: the address of the vDSO, and the random bytes that the C library begins with.
// `process` is stopped and traced. False: its memory is not as it must be.
bool HideKernelsGifts(pid_t process, Family* family);

// The pages of the kernel's own that a program finds in its memory: the vDSO, which reads the clock
// and the processor's number without a system call, and what it reads them from.
struct KernelsPages {
  std::uint64_t begin = 0;  // 0: there are none
  std::uint64_t end = 0;
  std::uint64_t system_call = 0;  // the address of an instruction that makes one, in them
};
// Of a process that is stopped and traced. None: they are not as they must be.
std::optional<KernelsPages> FindKernelsPages(pid_t process);

}  // namespace sandbox
