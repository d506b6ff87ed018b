#pragma once

#include <sys/user.h>

#include <cstdint>
#include <ctime>
#include <map>
#include <optional>

#include "sandbox/family.h"
#include "sandbox/time_left.h"

namespace sandbox {

// Waits with an end in time, under Determinism::kFull. A wait takes as long as it says: the kernel
// does it, by the machine's clock. What a thread has waited to the end, its own clock goes on by;
// so a loop that waits until a time comes to its end when it should, and never spins. An absolute
// end, which the program has computed from the clock that it sees, becomes the machine's before the
// wait and is the program's again afterwards. Timers that are set are the family's to know.
//
// Used by the tracer's thread alone, on stopped threads.
class Waits {
 public:
  explicit Waits(Family* family) : family_(family), left_(family) {}

  // At the entry of a system call that the filter has stopped. True: its exit is of interest.
  bool Enter(pid_t thread, user_regs_struct* registers);
  // At its exit.
  void Leave(pid_t thread, user_regs_struct* registers);
  void Ended(pid_t thread);
  // `thread` makes another call than those.
  void Forget(pid_t thread) { pending_.erase(thread); }

 private:
  using Left = TimeLeft::Place;
  struct Pending {
    std::int64_t duration = 0;
    long number = 0;
    bool is_changed = false;   // the call has other arguments than the program gave it
    bool makes_timer = false;  // a new timerfd, which is not set
    Left left = {};
    user_regs_struct original = {};  // of a wait: as the program made it
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
  void SetAlarm(pid_t thread, int which, std::int64_t left, std::int64_t interval);
  bool Change(pid_t thread, const user_regs_struct& original, user_regs_struct* registers,
              std::int64_t duration);

  Family* family_;
  std::map<pid_t, Pending> pending_;
  TimeLeft left_;
};

}  // namespace sandbox
