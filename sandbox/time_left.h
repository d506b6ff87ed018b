#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>
#include <map>
#include <optional>

#include "sandbox/family.h"

namespace sandbox {

// The kernel's own result of a call, never seen by a program: it goes on after a signal.
constexpr std::int64_t kRestartBlock = -516;

// Where the kernel says how much time is left, of a timer or of a wait that something has ended, it
// becomes what is left by the program's clock; which stood still meanwhile, but for what moves it.
// A program that waits again for what is left comes to its end all the same: of every kLooksPerStep
// such waits of a thread one takes kClockStep off.
//
// Used by the tracer's thread alone, on stopped threads.
class TimeLeft {
 public:
  // Where a call says it, and of what.
  struct Place {
    enum class Form { kNone, kTimespec, kTimeval, kSeconds };  // kSeconds: the call's result
    Form form = Form::kNone;
    std::uint64_t address = 0;
    bool is_of_wait = false;
    std::int64_t began = 0;  // of a wait: what the thread's clock showed
    std::optional<std::int64_t> of_timer = std::nullopt;
  };

  explicit TimeLeft(Family* family) : family_(family) {}

  // At the exit of the call; a wait was to be of `duration`.
  void Show(pid_t thread, const Place& place, std::int64_t duration, user_regs_struct* registers);
  void Ended(pid_t thread) { ended_early_.erase(thread); }

 private:
  void ShowOfWait(pid_t thread, const Place& place, std::int64_t duration, std::int64_t result);

  Family* family_;
  std::map<pid_t, std::uint64_t> ended_early_;  // how many waits of a thread
};

}  // namespace sandbox
