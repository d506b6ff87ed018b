#pragma once

#include <sys/types.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/descriptor.h"
#include "sandbox/status.h"

namespace sandbox {

// System calls that the C library does not wrap. All return -1 and set errno on failure.

// clone3 without shared memory: a fork with `flags`. Returns 0 in the child. With CLONE_PIDFD in
// `flags`, `*pidfd` becomes a descriptor of the child. `cgroup`: a folder of cgroup version 2 that
// the child is born into; -1: the caller's. Call it from a single-threaded process.
pid_t Clone(std::uint64_t flags, int* pidfd, int cgroup = -1);
int OpenAt2(int directory, const char* path, int flags, mode_t mode, std::uint64_t resolve);
int PidfdOpen(pid_t pid);
int PidfdSendSignal(int pidfd, int signal);
int CapabilitiesSet(std::uint64_t effective, std::uint64_t permitted, std::uint64_t inheritable);
int CapabilitiesGet(std::uint64_t* effective, std::uint64_t* permitted, std::uint64_t* inheritable);

// Closes every descriptor from 3 on but those in `keep`; 0, 1 and 2 stay.
Status CloseAllExcept(std::vector<int> keep);

// Reads at most `bytes_max` bytes from `fd` to the end of file; more than that is a failure.
Result<std::string> ReadAll(int fd, std::size_t bytes_max);
Result<std::string> ReadFile(const char* path, std::size_t bytes_max);
// A mask of this process in /proc/self/status, "SigIgn" or "CapBnd" among others.
Result<std::uint64_t> StatusMask(std::string_view name);
Status WriteAll(int fd, std::string_view bytes);

// Milliseconds of the monotonic clock.
std::int64_t NowMilliseconds();
std::vector<std::string> Split(std::string_view text, char separator);
// Digits only, no sign, at most `max`.
bool ParseNumber(std::string_view text, std::uint64_t max, std::uint64_t* value, int base = 10);

}  // namespace sandbox
