#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sandbox {

// Where a process or thread stands in the family of a run: a function of its parent's place and of
// how many children the parent had before it, and, once it has executed a program, of that program
// in place of that number. No order among relatives enters, so that processes that run side by side
// get the same whatever the machine's scheduler does, and whichever of them make starts first.
struct Ancestry {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};

// The first process of a stage. `stage`: a number that sets stages apart.
Ancestry FirstAncestry(std::uint64_t stage);
// Child number `index` of `parent`, counted from 0.
Ancestry ChildAncestry(const Ancestry& parent, std::uint64_t index);

// Who executes program `program` (a hash) as number `index`, counted from 0, of those that do so,
// where `origin` is its parent, or itself before, if that was a program already.
Ancestry ProgramAncestry(const Ancestry& origin, std::uint64_t program, std::uint64_t index);

// The process id to ask the kernel for: kPidMin to kPidMax - 1. Another living process may have it.
constexpr pid_t kPidMin = 300;
constexpr pid_t kPidMax = 32768;  // the kernel's smallest pid_max
pid_t WantedPid(const Ancestry& ancestry);

// Bytes `offset` to `offset + size` of the endless random sequence of `ancestry`. They look random;
// whoever knows the run can compute them. `offset` is a multiple of 8.
void FillRandom(const Ancestry& ancestry, std::uint64_t offset, void* bytes, std::size_t size);

// `command_line` (words, each ended by a NUL) without those that say how many jobs run side by
// side: -j, -jN, -j N, --jobs=N.
std::string WithoutJobs(std::string_view command_line);

// 62 bits of `text`, the same on every machine.
std::uint64_t HashText(const char* text, std::size_t size);

}  // namespace sandbox
