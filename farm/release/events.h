// Events: what watchers of releases are told, numbered, kept for a while in bounded memory.
// Numbers grow over restarts too: they begin at epoch * 2^20, and an epoch grows with every start
// by at least the seconds between.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/mutex.h"
#include "farm/release/view.h"

namespace farm {

constexpr std::size_t kEventsKept = 8192;                      // of one release
constexpr std::size_t kEventBytesKept = std::size_t{8} << 20;  // log text of one release
constexpr std::size_t kReleasesWithEvents = 256;               // the oldest are forgotten first

// Thread-safe.
class Events {
 public:
  Events(std::uint64_t epoch, const Clock& clock) : next_(epoch << 20), clock_(clock) {}

  void Add(const std::string& release, EventBody body);
  // Events of `release` with numbers above `after`, oldest first, waiting up to `patience` for the
  // first one.  Events that were dropped are left out: their numbers are missing.
  std::vector<ReleaseEvent> Take(const std::string& release, std::uint64_t after,
                                 std::chrono::milliseconds patience);
  // The number that the next event gets at least.
  std::uint64_t next() const;
  // Lets everybody who waits go, now and from now on.
  void Close();

 private:
  struct Kept {
    std::deque<ReleaseEvent> events;
    std::size_t bytes = 0;
  };
  void Forget() REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t next_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
  std::map<std::string, Kept> kept_ GUARDED_BY(mutex_);
  const Clock& clock_;
};

}  // namespace farm
