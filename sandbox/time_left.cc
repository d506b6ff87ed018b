#include "sandbox/time_left.h"

#include <sys/ptrace.h>

#include <algorithm>
#include <cerrno>

#include "sandbox/memory.h"
#include "sandbox/thread_times.h"

namespace sandbox {

#ifdef __x86_64__

namespace {

constexpr std::int64_t kRestartNoHandler = -514;
constexpr std::int64_t kMicrosecond = 1000;

// As alarm says it: to the nearest second, and not 0.
std::int64_t SecondsOf(std::int64_t time) {
  return std::max<std::int64_t>((time + kSecond / 2) / kSecond, 1);
}

// Up to whole seconds: of a timer that nobody has told of, what its setting was most likely.
std::int64_t WholeSeconds(std::int64_t time) { return (time + kSecond - 1) / kSecond * kSecond; }

}  // namespace

// Of a wait that did not come to its end.
void TimeLeft::ShowOfWait(pid_t thread, const Place& place, std::int64_t duration,
                          std::int64_t result) {
  const bool is_interrupted =
      result == -EINTR || result == kRestartBlock || result == kRestartNoHandler;
  if (result <= 0 && !is_interrupted) return;
  const std::int64_t passed = family_->Elapsed(thread) - place.began;
  const bool is_step = ++ended_early_[thread] % kLooksPerStep == 0;
  const std::int64_t left =
      std::max<std::int64_t>(duration - passed - (is_step ? kClockStep : 0), 0);
  if (place.form == Place::Form::kTimeval) {
    WriteValue(thread, place.address, TimevalOf(left));
  } else {
    WriteValue(thread, place.address, TimespecOf(left));
  }
}

// A timer that is not set is so by both clocks.
void TimeLeft::Show(pid_t thread, const Place& place, std::int64_t duration,
                    user_regs_struct* registers) {
  const auto result = static_cast<std::int64_t>(registers->rax);
  if (place.form == Place::Form::kNone) return;
  if (place.is_of_wait) return ShowOfWait(thread, place, duration, result);
  if (result < 0) return;
  if (place.form == Place::Form::kSeconds) {
    if (result == 0 || !place.of_timer.has_value()) return;
    registers->rax = static_cast<unsigned long long>(SecondsOf(*place.of_timer));
    ptrace(PTRACE_SETREGS, thread, nullptr, registers);
    return;
  }
  // Behind the interval.
  if (place.form == Place::Form::kTimeval) {
    const std::uint64_t address = place.address + sizeof(timeval);
    const std::int64_t machines = ReadTimeval(thread, address);
    if (machines <= 0) return;
    const std::int64_t shown = place.of_timer.value_or(WholeSeconds(machines));
    WriteValue(thread, address, TimevalOf(std::max(shown, kMicrosecond)));
  } else {
    const std::uint64_t address = place.address + sizeof(timespec);
    const std::int64_t machines = ReadTimespec(thread, address);
    if (machines <= 0) return;
    WriteValue(thread, address, TimespecOf(place.of_timer.value_or(WholeSeconds(machines))));
  }
}

#else

void TimeLeft::Show(pid_t, const Place&, std::int64_t, user_regs_struct*) {}

#endif

}  // namespace sandbox
