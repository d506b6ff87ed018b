#include "sandbox/waits.h"

#include <linux/futex.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "sandbox/memory.h"
#include "sandbox/system.h"
#include "sandbox/thread_times.h"

namespace sandbox {
namespace {

#ifdef __x86_64__

// Below the stack's red zone, where a leaf function may keep what it likes.
constexpr std::uint64_t kScratchBelow = 256;
constexpr std::size_t kProcTextMax = 1 << 20;  // some 10,000 timers

unsigned long long* Argument(user_regs_struct* registers, int index) {
  unsigned long long* places[] = {&registers->rdi, &registers->rsi, &registers->rdx,
                                  &registers->r10, &registers->r8,  &registers->r9};
  return places[index];
}

bool CameToItsEnd(long number, std::int64_t result) {
  switch (number) {
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
    case SYS_poll:
    case SYS_ppoll:
    case SYS_select:
    case SYS_pselect6:
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
    case SYS_epoll_pwait2:
      return result == 0;
    case SYS_rt_sigtimedwait:
    case SYS_semtimedop:
      return result == -EAGAIN;
    default:
      return result == -ETIMEDOUT;
  }
}

// A call from the same place, with the same arguments.
bool IsSameCall(const user_regs_struct& one, const user_regs_struct& other) {
  return one.rip == other.rip && one.rsp == other.rsp && one.rdi == other.rdi &&
         one.rsi == other.rsi && one.rdx == other.rdx && one.r10 == other.r10 &&
         one.r8 == other.r8 && one.r9 == other.r9;
}

std::uint64_t Scratch(const user_regs_struct& registers) {
  return (registers.rsp - kScratchBelow) & ~std::uint64_t{15};
}

// Which timer of its process a call sets: its descriptor or number.
std::uint64_t TimerKey(long call, std::uint64_t number) {
  return static_cast<std::uint64_t>(call) << 32 | (number & 0xffffffff);
}

std::uint64_t AlarmKey(int which) { return TimerKey(SYS_alarm, static_cast<std::uint64_t>(which)); }

// The number behind `key` in the text of a file of /proc.
std::optional<clockid_t> NumberBehind(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  return std::atoi(std::string(text.substr(at + key.size(), 16)).c_str());
}

// The clock of the timer that timerfd_settime or timer_settime sets. None: there is no such timer.
std::optional<clockid_t> ClockOfTimer(pid_t process, const user_regs_struct& registers) {
  const std::string folder = "/proc/" + std::to_string(process);
  const std::string number = std::to_string(static_cast<int>(registers.rdi));
  if (registers.orig_rax == SYS_timerfd_settime) {
    Result<std::string> text = ReadFile((folder + "/fdinfo/" + number).c_str(), kProcTextMax);
    return text.ok() ? NumberBehind(*text, "\nclockid: ") : std::nullopt;
  }
  Result<std::string> text = ReadFile((folder + "/timers").c_str(), kProcTextMax);
  if (!text.ok()) return std::nullopt;
  const std::string timers = "\n" + *text;
  const std::size_t at = timers.find("\nID: " + number + "\n");
  if (at == std::string::npos) return std::nullopt;
  return NumberBehind(std::string_view(timers).substr(at), "\nClockID: ");
}

#endif

}  // namespace

void Waits::Ended(pid_t thread) {
  pending_.erase(thread);
  left_.Ended(thread);
}

#ifdef __x86_64__

bool Waits::EnterRelative(pid_t thread, const user_regs_struct& registers, std::int64_t duration) {
  return EnterShowing(thread, registers, duration, {});
}

bool Waits::EnterShowing(pid_t thread, const user_regs_struct& registers, std::int64_t duration,
                         Left left) {
  if (left.address == 0) left.form = Left::Form::kNone;
  const bool shows = left.form != Left::Form::kNone;
  if (duration <= 0 || (duration >= kForever && !shows)) return false;
  Pending pending;
  pending.duration = duration;
  pending.number = static_cast<long>(registers.orig_rax);
  pending.left = left;
  pending.left.is_of_wait = true;
  pending.original = registers;
  if (shows) pending.left.began = family_->Elapsed(thread);
  pending_[thread] = pending;
  return true;
}

// `end`: by the clock that the program sees.
bool Waits::EnterAbsolute(pid_t thread, user_regs_struct* registers, int argument, std::int64_t end,
                          clockid_t clock) {
  if (end < 0 || end >= kForever) return false;
  std::optional<std::int64_t> now = family_->ShownClock(clock, family_->Elapsed(thread));
  if (!now.has_value()) return false;
  std::int64_t left = std::max<std::int64_t>(end - *now, 0);
  if (IsProcessorClock(clock)) return EnterProcessorTime(thread, registers, left);
  std::uint64_t scratch = Scratch(*registers);
  if (!WriteValue(thread, scratch, TimespecOf(MachineNow(clock) + left))) return false;
  user_regs_struct original = *registers;
  *Argument(registers, argument) = scratch;
  return Change(thread, original, registers, left);
}

// Of clock_nanosleep. The process's own clock of used time is the kernel's to read: from now on.
bool Waits::EnterProcessorTime(pid_t thread, user_regs_struct* registers, std::int64_t left) {
  std::uint64_t scratch = Scratch(*registers);
  if (!WriteValue(thread, scratch, TimespecOf(left))) return false;
  user_regs_struct original = *registers;
  registers->rsi &= ~static_cast<unsigned long long>(TIMER_ABSTIME);
  registers->rdx = scratch;
  registers->r10 = 0;  // of an absolute end nothing remains
  return Change(thread, original, registers, left);
}

bool Waits::Change(pid_t thread, const user_regs_struct& original, user_regs_struct* registers,
                   std::int64_t duration) {
  if (ptrace(PTRACE_SETREGS, thread, nullptr, registers) != 0) return false;
  Pending pending;
  pending.duration = duration;
  pending.number = static_cast<long>(registers->orig_rax);
  pending.is_changed = true;
  pending.original = original;
  pending_[thread] = pending;
  return true;
}

bool Waits::EnterFutex(pid_t thread, user_regs_struct* registers) {
  auto operation = static_cast<int>(registers->rsi);
  bool is_real_time = (operation & FUTEX_CLOCK_REALTIME) != 0;
  std::int64_t time = ReadTimespec(thread, registers->r10);
  switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
      return EnterRelative(thread, *registers, time);
    case FUTEX_LOCK_PI:
      return EnterAbsolute(thread, registers, 3, time, CLOCK_REALTIME);
    default:
      return EnterAbsolute(thread, registers, 3, time,
                           is_real_time ? CLOCK_REALTIME : CLOCK_MONOTONIC);
  }
}

// timerfd_settime and timer_settime: argument 3 is where the old setting goes, or null.
bool Waits::EnterTimer(pid_t thread, user_regs_struct* registers) {
  Left left;
  left.form = registers->r10 == 0 ? Left::Form::kNone : Left::Form::kTimespec;
  left.address = registers->r10;
  left.of_timer =
      family_->LeftOf(thread, TimerKey(static_cast<long>(registers->orig_rax), registers->rdi));
  const bool is_changed = SetTimer(thread, registers);
  if (left.form == Left::Form::kNone) return is_changed;
  if (!is_changed) pending_[thread] = Pending{.number = static_cast<long>(registers->orig_rax)};
  pending_[thread].left = left;
  return true;
}

// Flags and the new setting are arguments 1 and 2. True: the call is another one.
bool Waits::SetTimer(pid_t thread, user_regs_struct* registers) {
  itimerspec setting = {};
  if (!ReadValue(thread, registers->rdx, &setting)) return false;
  const auto call = static_cast<long>(registers->orig_rax);
  const std::uint64_t key = TimerKey(call, registers->rdi);
  const pid_t process = family_->ProcessOf(thread);
  std::int64_t elapsed = family_->Elapsed(thread);  // what was due before was
  std::int64_t time = Nanoseconds(setting.it_value);
  if (time <= 0 || time >= kForever) {
    family_->Disarmed(thread, key);
    return false;
  }
  std::optional<clockid_t> clock = ClockOfTimer(process, *registers);
  if (!clock.has_value()) return false;  // the kernel says so too
  bool is_absolute = (registers->rsi & TFD_TIMER_ABSTIME) != 0;
  std::int64_t left = time;
  if (is_absolute) {
    std::int64_t now = family_->ShownClock(*clock, elapsed).value_or(elapsed);
    left = std::max<std::int64_t>(time - now, 1);
  }
  Family::Timer timer;
  timer.elapsed = elapsed + left;
  timer.due = MonotonicNow() + left;
  timer.interval = std::max<std::int64_t>(Nanoseconds(setting.it_interval), 0);
  if (call == SYS_timerfd_settime) timer.descriptor = static_cast<int>(registers->rdi);
  // While a process computes its clock stands still, whatever rings.
  timer.is_of_use = IsProcessorClock(*clock);
  family_->Armed(thread, key, timer);
  if (!is_absolute) return false;
  // As long from now, by whichever clock.
  setting.it_value = TimespecOf(left);
  std::uint64_t scratch = Scratch(*registers);
  if (!WriteValue(thread, scratch, setting)) return false;
  user_regs_struct original = *registers;
  registers->rsi &= ~static_cast<unsigned long long>(TFD_TIMER_ABSTIME);
  registers->rdx = scratch;
  return Change(thread, original, registers, 0);
}

// alarm and setitimer set the same timer, of ITIMER_REAL; `which` is the timer.
void Waits::SetAlarm(pid_t thread, int which, std::int64_t left, std::int64_t interval) {
  const std::uint64_t key = AlarmKey(which);
  std::int64_t elapsed = family_->Elapsed(thread);  // what was due before was
  if (left <= 0 || left >= kForever) return family_->Disarmed(thread, key);
  Family::Timer timer;
  timer.elapsed = elapsed + left;
  timer.due = MonotonicNow() + left;
  timer.interval = std::max<std::int64_t>(interval, 0);
  timer.is_of_use = which != ITIMER_REAL;
  family_->Armed(thread, key, timer);
}

bool Waits::EnterAlarm(pid_t thread, const user_regs_struct& registers) {
  if (registers.orig_rax == SYS_alarm) {
    EnterLook(thread, registers, AlarmKey(ITIMER_REAL), Left::Form::kSeconds, 0);
    SetAlarm(thread, ITIMER_REAL, static_cast<std::int64_t>(registers.rdi & 0xffffffff) * kSecond,
             0);
    return true;
  }
  const auto which = static_cast<int>(registers.rdi);
  const bool tells =
      EnterLook(thread, registers, AlarmKey(which), Left::Form::kTimeval, registers.rdx);
  // Behind the interval stands the first time.  None at all disarms.
  SetAlarm(thread, which, ReadTimeval(thread, registers.rsi + sizeof(timeval)),
           ReadTimeval(thread, registers.rsi));
  return tells;
}

bool Waits::EnterLook(pid_t thread, const user_regs_struct& registers, std::uint64_t key,
                      Left::Form form, std::uint64_t address) {
  if (form != Left::Form::kSeconds && address == 0) return false;
  Pending pending;
  pending.number = static_cast<long>(registers.orig_rax);
  pending.left.form = form;
  pending.left.address = address;
  pending.left.of_timer = family_->LeftOf(thread, key);
  pending_[thread] = pending;
  return true;
}

bool Waits::Enter(pid_t thread, user_regs_struct* registers) {
  user_regs_struct& r = *registers;
  auto milliseconds = [](std::uint64_t value) {
    return std::int64_t{static_cast<std::int32_t>(value)} * 1000000;
  };
  const auto timespec_at = [](std::uint64_t address) {
    return Left{.form = Left::Form::kTimespec, .address = address};
  };
  if (r.orig_rax == SYS_restart_syscall) {
    // After a handler the program makes other calls, some of which begin again unseen.
    auto found = pending_.find(thread);
    if (found != pending_.end() && IsSameCall(found->second.original, r)) return true;
  }
  Forget(thread);
  switch (static_cast<long>(r.orig_rax)) {
    case SYS_nanosleep:
      return EnterShowing(thread, r, ReadTimespec(thread, r.rdi), timespec_at(r.rsi));
    case SYS_clock_nanosleep: {
      std::int64_t time = ReadTimespec(thread, r.rdx);
      if ((r.rsi & TIMER_ABSTIME) == 0) return EnterShowing(thread, r, time, timespec_at(r.r10));
      return EnterAbsolute(thread, registers, 2, time, static_cast<clockid_t>(r.rdi));
    }
    case SYS_poll:
      return EnterRelative(thread, r, milliseconds(r.rdx));
    case SYS_ppoll:
      return EnterShowing(thread, r, ReadTimespec(thread, r.rdx), timespec_at(r.rdx));
    case SYS_rt_sigtimedwait:
      return EnterRelative(thread, r, ReadTimespec(thread, r.rdx));
    case SYS_select:
      return EnterShowing(thread, r, ReadTimeval(thread, r.r8),
                          Left{.form = Left::Form::kTimeval, .address = r.r8});
    case SYS_pselect6:
    case SYS_recvmmsg:
      return EnterShowing(thread, r, ReadTimespec(thread, r.r8), timespec_at(r.r8));
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
      return EnterRelative(thread, r, milliseconds(r.r10));
    case SYS_epoll_pwait2:
    case SYS_semtimedop:
      return EnterRelative(thread, r, ReadTimespec(thread, r.r10));
    case SYS_futex:
      return EnterFutex(thread, registers);
    case SYS_futex_waitv:
      return EnterAbsolute(thread, registers, 3, ReadTimespec(thread, r.r10),
                           static_cast<clockid_t>(r.r8));
    case SYS_mq_timedsend:
    case SYS_mq_timedreceive:
      return EnterAbsolute(thread, registers, 4, ReadTimespec(thread, r.r8), CLOCK_REALTIME);
    case SYS_timerfd_settime:
    case SYS_timer_settime:
      return EnterTimer(thread, registers);
    case SYS_timerfd_gettime:
      return EnterLook(thread, r, TimerKey(SYS_timerfd_settime, r.rdi), Left::Form::kTimespec,
                       r.rsi);
    case SYS_timer_gettime:
      return EnterLook(thread, r, TimerKey(SYS_timer_settime, r.rdi), Left::Form::kTimespec, r.rsi);
    case SYS_getitimer:
      return EnterLook(thread, r, AlarmKey(static_cast<int>(r.rdi)), Left::Form::kTimeval, r.rsi);
    case SYS_setitimer:
    case SYS_alarm:
      return EnterAlarm(thread, r);
    case SYS_timer_delete:
      family_->Elapsed(thread);
      family_->Disarmed(thread, TimerKey(SYS_timer_settime, r.rdi));
      return false;
    case SYS_timerfd_create:
      pending_[thread] = Pending{.number = SYS_timerfd_create, .makes_timer = true};
      return true;
    default:
      return false;
  }
}

void Waits::Leave(pid_t thread, user_regs_struct* registers) {
  auto found = pending_.find(thread);
  if (found == pending_.end()) return;
  Pending pending = found->second;
  auto result = static_cast<std::int64_t>(registers->rax);
  if (pending.is_changed) {
    for (int i = 0; i < 6; ++i) *Argument(registers, i) = *Argument(&pending.original, i);
    // If this fails the thread is gone.
    ptrace(PTRACE_SETREGS, thread, nullptr, registers);
  }
  left_.Show(thread, pending.left, pending.duration, registers);
  if (result == kRestartBlock) return;
  pending_.erase(found);
  if (pending.makes_timer) {
    // An older one may have had its descriptor.
    if (result >= 0) {
      auto descriptor = static_cast<std::uint64_t>(result);
      family_->Disarmed(thread, TimerKey(SYS_timerfd_settime, descriptor));
    }
    return;
  }
  if (CameToItsEnd(pending.number, result)) family_->Slept(thread, pending.duration);
}

#else

bool Waits::Enter(pid_t, user_regs_struct*) { return false; }
void Waits::Leave(pid_t, user_regs_struct*) {}

#endif

}  // namespace sandbox
