#pragma once

#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>

#include "sandbox/filter.h"
#include "sandbox/spec.h"

namespace sandbox {

// The first part of a filter: what a rule of libseccomp's cannot say, as "not equal". The kernel
// looks at the low 32 bits of these arguments only, and a 64-bit comparison is passed by with a bit
// set above. What it does not decide goes on to what stands behind it.
//
// Terminal input, what the kernel loads modules for before it looks at the caller's rights, and
// sockets that no network namespace confines or that nothing needs; owners; waits with an end in
// time and what sockets tell, as the level of determinism wants it.
Filter MakePrelude(const Spec& spec);

// Where a filter finds the low half of argument `index`.
inline std::uint32_t LowHalf(unsigned index) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
}

}  // namespace sandbox
