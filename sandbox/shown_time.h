#pragma once

#include <cstdint>
#include <vector>

#include "sandbox/determinism.h"

namespace sandbox {

// The times of files made in a run, as a command under Determinism::kFull sees them.
//
// All times here are nanoseconds since 1970. A time before the run began is shown as it is: it came
// with the sources, or a program set it. A later one, up to now, was taken from the kernel's clock;
// it is shown as
//     clock + slept + true order
// where `slept` is what processes had slept by then, in steps of half a second, and the order is
// the time since the run began, shrunk to less than half a second. So make, rsync and find decide
// as they would without us, for a file that is newer is shown as newer; and a program that keeps
// whole seconds, as archives do, keeps the same ones in every run.
class FileTimes {
 public:
  // `clock`: what the command's clock begins with; `began`: the machine's time when the run began;
  // `span`: no run takes longer, and not less than a second.
  FileTimes(std::int64_t clock, std::int64_t began, std::int64_t span);

  // A process has slept until its clock is `slept` nanoseconds on; `now` is the machine's time,
  // by the coarse clock that files get theirs from.
  void Slept(std::int64_t slept, std::int64_t now);
  std::int64_t Shown(std::int64_t time, std::int64_t now) const;
  // Of a file that the command cannot change. None is newer than the clock: a compiler's headers
  // are older than what is compiled, also where the sources are of an earlier year.
  std::int64_t ShownOfToolchain(std::int64_t time) const;

 private:
  struct Step {
    std::int64_t from;   // of the machine's time
    std::int64_t slept;  // whole half seconds
  };
  std::int64_t clock_;
  std::int64_t began_;
  std::int64_t span_;
  std::vector<Step> steps_;
};

}  // namespace sandbox
