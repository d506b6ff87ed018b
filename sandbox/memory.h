#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "sandbox/descriptor.h"

namespace sandbox {

// The process that `thread` is one of, as /proc says; `thread` itself if it says nothing.
pid_t ProcessOfThread(pid_t thread);

// The memory of another process or thread, by its id. The caller may trace it (CAP_SYS_PTRACE).

// All of `size` bytes, or false: it is not there, or not ours to read.
bool ReadMemory(pid_t thread, std::uint64_t address, void* bytes, std::size_t size);
bool WriteMemory(pid_t thread, std::uint64_t address, const void* bytes, std::size_t size);

// The string that begins there, without its NUL. False: no NUL within `size_max` bytes.
bool ReadString(pid_t thread, std::uint64_t address, std::size_t size_max, std::string* text);

// A copy of `descriptor` of `thread`, which is one of `process`: the same open file, so that its
// place and its flags are shared. Invalid: there is none.
UniqueFd CopyDescriptor(pid_t thread, pid_t process, int descriptor);

template <class T>
bool ReadValue(pid_t thread, std::uint64_t address, T* value) {
  return ReadMemory(thread, address, value, sizeof *value);
}
template <class T>
bool WriteValue(pid_t thread, std::uint64_t address, const T& value) {
  return WriteMemory(thread, address, &value, sizeof value);
}

}  // namespace sandbox
