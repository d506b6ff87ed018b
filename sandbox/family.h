#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <map>
#include <mutex>
#include <optional>

#include "sandbox/ancestry.h"
#include "sandbox/shown_time.h"

namespace sandbox {

// The living threads of a stage under Determinism::kFull, and what time and chance are for each.
// The tracer tells of births, sleeps and deaths; the notifier asks. Safe from any thread.
//
// Each thread's clock is its own: it begins with its parent's, and goes on by what the thread, or a
// child process of it that has ended, has slept; and by kClockStep with every kLooksPerStep looks.
// Elapsed times are nanoseconds since the run began, as the thread sees them.
class Family {
 public:
  // A timer that was set.
  struct Timer {
    std::int64_t elapsed = 0;   // when it is due on the clock of the thread that has set it
    std::int64_t due = 0;       // the same on the machine's, MonotonicNow
    std::int64_t interval = 0;  // from one time to the next; 0: there is no next
    int descriptor = -1;        // the timerfd that it is
    // Rings when so much time of a processor was used: moves no clock, and is due for good.
    bool is_of_use = false;
  };
  static constexpr std::size_t kTimersMax = 1024;  // every look goes through them
  // Of the children of one parent; what is executed after them has its place by its order alone.
  static constexpr std::size_t kProgramsMax = 65536;

  // `stage`: sets the random sequences of prepare and main apart.
  Family(std::uint64_t stage, std::int64_t clock_seconds, const FileTimes& times);

  void Begin(pid_t command);
  // The place of the next child of `parent`.
  Ancestry NextChild(pid_t parent);
  // `process`: its own id, or its parent's if it is a thread.
  void Born(pid_t parent, pid_t child, pid_t process);
  // A program was executed: `thread` was its caller and has the id of `process` from now on; the
  // other threads are gone. `program`: a hash of what it is and was told.
  void Executed(pid_t process, pid_t thread, std::uint64_t program);
  void Ended(pid_t thread);
  pid_t ProcessOf(pid_t thread);

  // A wait of `duration` came to its end in time.
  void Slept(pid_t thread, std::int64_t duration);
  // Timer `key` of the process is set, anew or again. Whoever looks at the clock when it is due has
  // waited for it, or could have, and the looker's clock goes on to where it was due; by a next
  // time only in a process of one thread, for among several nobody can tell which has waited. At
  // most kTimersMax are remembered of a process.
  void Armed(pid_t thread, std::uint64_t key, const Timer& timer);
  void Disarmed(pid_t thread, std::uint64_t key);
  // How long it is until the timer rings, on the clock of `thread`; more than 0. None: nobody has
  // told of it.
  std::optional<std::int64_t> LeftOf(pid_t thread, std::uint64_t key);
  std::int64_t Elapsed(pid_t thread);                 // does not count as a look
  std::int64_t LookAtElapsed(pid_t thread);           // does
  std::int64_t RealTime(std::int64_t elapsed) const;  // nanoseconds since 1970
  // What `clock` shows then. None: the kernel knows no such clock.
  std::optional<std::int64_t> ShownClock(clockid_t clock, std::int64_t elapsed) const;
  std::int64_t ShownFileTime(std::int64_t time);  // see FileTimes
  std::int64_t ShownToolchainTime(std::int64_t time) const { return times_.ShownOfToolchain(time); }
  void TakeRandom(pid_t thread, void* bytes, std::size_t size);

 private:
  struct Member {
    pid_t parent = 0;
    pid_t process = 0;
    Ancestry ancestry;
    bool executed = false;  // a program, since it was born
    Ancestry origin;        // its parent's, when it was born
    std::uint64_t children = 0;
    std::uint64_t random_bytes = 0;
    std::uint64_t looks = 0;
    std::int64_t slept = 0;
  };

  Member& Find(pid_t thread);
  void EraseThreadsOf(pid_t process);
  std::uint64_t CountProgram(pid_t parent, std::uint64_t program);
  bool HasOneThread(pid_t process) const;
  static std::int64_t ElapsedOfItself(const Member& member);  // but for timers
  bool IsOver(Member* member, Timer* timer, std::int64_t now) const;
  std::int64_t ElapsedOf(Member* member);
  void Sleep(pid_t thread, Member* member, std::int64_t until);

  std::mutex mutex_;
  std::map<pid_t, Member> members_;
  std::map<pid_t, std::map<std::uint64_t, Timer>> timers_;  // of each process, until due
  // Of each thread, how often children of it have executed what.
  std::map<pid_t, std::map<std::uint64_t, std::uint64_t>> programs_;
  FileTimes times_;
  Ancestry first_;
  std::int64_t clock_;
};

// Counts the processor time of a process or thread, its own or another's.
bool IsProcessorClock(clockid_t clock);

// The machine's clock `clock`, its time of the day, nanoseconds since 1970, and its monotonic
// clock.
std::int64_t MachineNow(clockid_t clock);
std::int64_t RealNow();
// The time that files get now: that of the last tick, which is up to 10 ms ago.
std::int64_t FileNow();
std::int64_t MonotonicNow();

}  // namespace sandbox
