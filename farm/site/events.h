// BuildEvents: what one build tells its watchers.  Any number may follow, from the beginning or
// later; a slow one loses log pieces, never phases or the end.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>

#include "farm/base/mutex.h"
#include "farm/base/result.h"

namespace farm {

struct BuildPhase {
  std::string name;  // "checking", "image", "action", "record"
  int actions_done = 0;
  int actions_total = 0;
  std::string detail;  // for people
};
struct LogPiece {
  std::string bytes;
};
using BuildEvent = std::variant<BuildPhase, LogPiece>;

constexpr std::size_t kEventLogBytesMax = 4 << 20;  // kept for watchers that come late
constexpr std::size_t kEventPhasesMax = 16384;  // two for each action of the largest plan, and air

// Thread-safe.
class BuildEvents {
 public:
  void Phase(BuildPhase phase);
  void Log(std::string_view bytes);
  // The end: a record line, or why there is none.  Once.
  void End(Result<std::string> record_line);

  // Waits up to a tenth of a second for the event after `*position` (0 at first) and moves on.
  // Nothing yet: neither event nor end.
  struct Next {
    std::optional<BuildEvent> event;
    std::optional<Result<std::string>> end;  // only after the last event
  };
  Next Wait(std::uint64_t* position);

 private:
  struct Numbered {
    std::uint64_t number;
    BuildEvent event;
  };
  void Add(BuildEvent event) REQUIRES(mutex_);
  void DropOldLog() REQUIRES(mutex_);

  Mutex mutex_;
  std::condition_variable changed_;
  std::deque<Numbered> events_ GUARDED_BY(mutex_);
  std::uint64_t last_ GUARDED_BY(mutex_) = 0;
  std::size_t log_bytes_ GUARDED_BY(mutex_) = 0;
  std::size_t phases_ GUARDED_BY(mutex_) = 0;
  std::optional<Result<std::string>> end_ GUARDED_BY(mutex_);
};

}  // namespace farm
