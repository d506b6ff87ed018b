#pragma once

#include <cstdint>

namespace sandbox {

// How much of what a command can see is the same on every machine, every day and every run. What
// each level promises, and what it cannot do, is in README.md, "Determinism".
enum class Determinism {
  kOff,    // the sandbox's own settings: paths, ids, host name, environment, time zone, umask
  kFixed,  // also the order of directories, numbers of files with a path; no tracing
  kFull,   // also time, randomness, process ids, addresses, file times, the machine
};

// "off", "fixed", "full".
const char* DeterminismName(Determinism level);

// The clock that a command under kFull begins with: half a second past Spec::clock_seconds, so that
// no file made in the run seems to come from the future. File times take the half before.
constexpr std::int64_t kSecond = 1000000000;
constexpr std::int64_t kClockStart = kSecond / 2;
// Inside, the machine seems to have been up for this long when the run began.
constexpr std::int64_t kUptimeSeconds = 1000;
// A thread's clock stands still while it computes, and goes on by this much with every so many
// looks at it, which takes about as long; so a loop that waits for the time comes to its end, and
// the time does not tell how many looks a library takes.
constexpr std::uint64_t kLooksPerStep = 1000;
constexpr std::int64_t kClockStep = 10000000;

}  // namespace sandbox
