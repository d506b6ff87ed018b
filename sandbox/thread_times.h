#pragma once

#include <sys/time.h>
#include <sys/types.h>

#include <cstdint>
#include <ctime>

namespace sandbox {

// Times and durations as system calls take and give them, in the memory of a stopped thread. Here
// they are nanoseconds, up to kForever.
constexpr std::int64_t kForever = std::int64_t{1} << 62;  // the year 2116

// -1: less than none.
std::int64_t Nanoseconds(const timespec& time);
// Of less than none: none.
timespec TimespecOf(std::int64_t time);
timeval TimevalOf(std::int64_t time);  // cuts off

// What stands at `address`; -1: nothing.
std::int64_t ReadTimespec(pid_t thread, std::uint64_t address);
std::int64_t ReadTimeval(pid_t thread, std::uint64_t address);

}  // namespace sandbox
