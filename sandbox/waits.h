#pragma once

#include <sys/user.h>

#include <cstdint>
#include <ctime>
#include <map>
#include <optional>

#include "sandbox/family.h"

namespace sandbox {

// Waits with an end in time, under Determinism::kFull. A wait takes as long as it says: the kernel
// does it, by the machine's clock. What a thread has waited to the end, its own clock goes on by;
// so a loop that waits until a time comes to its end when it should, and never spins. An absolute
// end, which the program has computed from the clock that it sees, becomes the machine's before the
// wait and is the program's again afterwards. Timers that are set are the family's to know. Where
// the kernel says how much time is left, of a timer or of a wait that something has ended, it
// becomes what is left by the program's clock; which stood still meanwhile, but for what moves it.
// A program that waits again for what is left comes to its end all the same: of every kLooksPerStep
// such waits of a thread one takes kClockStep off.
//
// Used by the tracer's thread alone, on stopped threads.
class Waits {
 public:
  explicit Waits(Family* family) : family_(family) {}

  // At the entry of a system call that the filter has stopped. True: its exit is of interest.
  bool Enter(pid_t thread, user_regs_struct* registers);
  // At its exit.
  void Leave(pid_t thread, user_regs_struct* registers);
  void Ended(pid_t thread);
  // `thread` makes another call than those.
  void Forget(pid_t thread) { pending_.erase(thread); }

 private:
  // Where the kernel says how much time is left.
  struct Left {
    enum class Form { kNone, kTimespec, kTimeval, kSeconds };  // kSeconds: the call's result
    Form form = Form::kNone;
    std::uint64_t address = 0;
    bool is_of_wait = false;
    std::int64_t began = 0;  // of a wait: what the thread's clock showed
    std::optional<std::int64_t> of_timer = std::nullopt;
  };
  struct Pending {
    std::int64_t duration = 0;
    long number = 0;
    bool is_changed = false;   // the call has other arguments than the program gave it
    bool makes_timer = false;  // a new timerfd, which is not set
    Left left = {};
    user_regs_struct original = {};
  };
  bool EnterRelative(pid_t thread, const user_regs_struct& registers, std::int64_t duration);
  // The same where `left` says how much time is left.
  bool EnterShowing(pid_t thread, const user_regs_struct& registers, std::int64_t duration,
                    Left left);
  bool EnterAbsolute(pid_t thread, user_regs_struct* registers, int argument, std::int64_t end,
                     clockid_t clock);
  bool EnterProcessorTime(pid_t thread, user_regs_struct* registers, std::int64_t left);
  bool EnterFutex(pid_t thread, user_regs_struct* registers);
  bool EnterTimer(pid_t thread, user_regs_struct* registers);
  bool SetTimer(pid_t thread, user_regs_struct* registers);
  bool EnterAlarm(pid_t thread, const user_regs_struct& registers);
  // A call that tells what is left of timer `key`, at `address`.
  bool EnterLook(pid_t thread, const user_regs_struct& registers, std::uint64_t key,
                 Left::Form form, std::uint64_t address);
  void ShowLeft(pid_t thread, const Pending& pending, user_regs_struct* registers);
  void ShowLeftOfWait(pid_t thread, const Pending& pending, std::int64_t result);
  void SetAlarm(pid_t thread, int which, std::int64_t left, std::int64_t interval);
  bool Change(pid_t thread, const user_regs_struct& original, user_regs_struct* registers,
              std::int64_t duration);

  Family* family_;
  std::map<pid_t, Pending> pending_;
  std::map<pid_t, std::uint64_t> ended_early_;  // how many waits of a thread
};

}  // namespace sandbox
