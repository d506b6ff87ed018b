#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "sandbox/family.h"

namespace sandbox {

// Takes from a program that was just executed, and has not run yet, what the kernel put into its
// memory by chance: the address of the vDSO, and the random bytes that the C library begins with.
// `process` is stopped and traced, `stack` what its stack pointer says. Returns where the vDSO is;
// 0: there is none. None: its memory is not as it must be.
std::optional<std::uint64_t> HideKernelsGifts(pid_t process, std::uint64_t stack, Family* family);

// The pages of the kernel's own that a program finds in its memory: the vDSO, which reads the clock
// and the processor's number without a system call, and what it reads them from.
struct KernelsPages {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Where those pages lie about the vDSO is the same in every program while the machine is up, and is
// looked up once.
class KernelsPagesFinder {
 public:
  // Of a process that is stopped and traced and has its vDSO at `vdso`. None: they are not as they
  // must be.
  std::optional<KernelsPages> Find(pid_t process, std::uint64_t vdso);

 private:
  std::optional<KernelsPages> about_vdso_;  // as if that were at 0
};

}  // namespace sandbox
