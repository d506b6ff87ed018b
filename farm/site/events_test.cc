#include "farm/site/events.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace farm {
namespace {

struct Heard {
  std::vector<std::string> phases;
  std::string log;
  std::string end;
};

// Follows from the beginning to the end.
Heard Follow(BuildEvents& events) {
  Heard heard;
  std::uint64_t position = 0;
  for (;;) {
    const BuildEvents::Next next = events.Wait(&position);
    if (next.event) {
      if (const auto* piece = std::get_if<LogPiece>(&*next.event)) heard.log += piece->bytes;
      if (const auto* phase = std::get_if<BuildPhase>(&*next.event)) {
        heard.phases.push_back(phase->detail);
      }
    }
    if (!next.end) continue;
    heard.end = *next.end ? **next.end : next.end->error().message;
    return heard;
  }
}

TEST(BuildEvents, EveryWatcherHearsEverythingWheneverItComes) {
  BuildEvents events;
  events.Phase({"checking", 0, 0, "one"});
  Heard early;
  std::thread watcher([&] { early = Follow(events); });
  events.Log("hello ");
  events.Phase({"record", 0, 0, "two"});
  events.Log("world");
  events.End(std::string("line"));
  watcher.join();
  for (const Heard& heard : {early, Follow(events)}) {
    EXPECT_EQ(heard.phases, (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(heard.log, "hello world");
    EXPECT_EQ(heard.end, "line");
  }
}

TEST(BuildEvents, ALateWatcherLosesOldLogButNoPhase) {
  BuildEvents events;
  events.Phase({"action", 0, 1, "first"});
  const std::string piece(1 << 16, 'x');
  for (std::size_t sent = 0; sent <= 2 * kEventLogBytesMax; sent += piece.size()) {
    events.Log(piece);
  }
  events.Log("the end of it");
  events.Phase({"action", 1, 1, "last"});
  events.End(Error{ErrorCode::kUnavailable, "no record"});
  const Heard heard = Follow(events);
  EXPECT_EQ(heard.phases, (std::vector<std::string>{"first", "last"}));
  EXPECT_LE(heard.log.size(), kEventLogBytesMax);
  EXPECT_GE(heard.log.size(), kEventLogBytesMax / 4);
  EXPECT_TRUE(heard.log.ends_with("the end of it"));
  EXPECT_EQ(heard.end, "no record");
}

TEST(BuildEvents, PhasesHaveALimit) {
  BuildEvents events;
  for (std::size_t i = 0; i < kEventPhasesMax + 10; ++i) events.Phase({"action", 0, 0, "x"});
  events.End(std::string("line"));
  EXPECT_EQ(Follow(events).phases.size(), kEventPhasesMax);
}

}  // namespace
}  // namespace farm
