#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "sandbox/family.h"

namespace sandbox {

// Takes from a program that was just executed, and has not run yet, what the kernel put into its
// memory by chance: the address of the vDSO, and the random bytes that the C library begins with.
// `process` is stopped and traced; `stack` is where its stack begins. False: its memory is not as
// it must be.
bool HideKernelsGifts(pid_t process, std::uint64_t stack, Family* family);

// The pages of the kernel's own that a program finds in its memory: the vDSO, which reads the clock
// and the processor's number without a system call, and what it reads them from.
struct KernelsPages {
  std::uint64_t begin = 0;  // 0: there are none
  std::uint64_t end = 0;
  std::uint64_t system_call = 0;  // the address of an instruction that makes one, in them
};

// Asks the kernel where they are, for each program: others inside can write to the memory of one
// that has not run yet. Where a call is made in the vDSO is the same in all of them, while the
// machine is up, and is looked up once.
class KernelsPagesFinder {
 public:
  // Of a process that is stopped and traced. None: they are not as they must be.
  std::optional<KernelsPages> Find(pid_t process);

 private:
  std::optional<std::uint64_t> system_call_;  // from the vDSO's beginning on
};

}  // namespace sandbox
