#pragma once

#include <sys/user.h>

#include <cstdint>
#include <ctime>
#include <map>

#include "sandbox/family.h"

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
  explicit Waits(Family* family) : family_(family) {}

  // At the entry of a system call that the filter has stopped. True: its exit is of interest.
  bool Enter(pid_t thread, user_regs_struct* registers);
  // At its exit.
  void Leave(pid_t thread, user_regs_struct* registers);
  void Ended(pid_t thread) { pending_.erase(thread); }

 private:
  struct Pending {
    std::int64_t duration = 0;
    long number = 0;
    bool is_changed = false;   // the call has other arguments than the program gave it
    bool makes_timer = false;  // a new timerfd, which is not set
    user_regs_struct original = {};
  };
  bool EnterRelative(pid_t thread, const user_regs_struct& registers, std::int64_t duration);
  bool EnterAbsolute(pid_t thread, user_regs_struct* registers, int argument, std::int64_t end,
                     clockid_t clock);
  bool EnterProcessorTime(pid_t thread, user_regs_struct* registers, std::int64_t left);
  bool EnterFutex(pid_t thread, user_regs_struct* registers);
  bool EnterTimer(pid_t thread, user_regs_struct* registers);
  void SetAlarm(pid_t thread, std::int64_t left, std::int64_t interval);
  bool Change(pid_t thread, const user_regs_struct& original, user_regs_struct* registers,
              std::int64_t duration);

  Family* family_;
  std::map<pid_t, Pending> pending_;
};

}  // namespace sandbox
