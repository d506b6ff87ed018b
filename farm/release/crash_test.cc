// Stops farmd at every point of a release, in turn, starts it again, and looks whether the release
// ends once and right.  The points: before and after each call to the world, before and after each
// commit of the ledger, at each step of the published tree.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/release_harness.h"

namespace farm {
namespace {

// Lets `steps` points pass, then everything fails until farmd is started again.
struct Machine {
  int steps = 0;
  bool dead = false;
  int passed = 0;
  std::string last;

  Status Pass(const std::string& point) {
    if (dead) return Error{ErrorCode::kUnavailable, "the machine is down"};
    if (passed == steps) {
      dead = true;
      last = point;
      return Error{ErrorCode::kUnavailable, "the machine went down at: " + point};
    }
    ++passed;
    return {};
  }
};

void Connect(Harness& harness, Machine& machine) {
  harness.world().fault = [&](const std::string& step) { return machine.Pass(step); };
  harness.files().hook = [&](const std::string& step, const std::string&) {
    return machine.Pass("files: " + step);
  };
  harness.ledger_fault = [&](LedgerMoment moment) {
    return machine.Pass(moment == LedgerMoment::kBeforeCommit ? "before commit" : "after commit");
  };
}

// Submits, approves and drives; a dead machine is started again as often as needed.
std::string ReleaseOver(Harness& harness, Machine& machine, const Submission& submission) {
  std::string id;
  for (int starts = 0; starts < 3; ++starts) {
    const auto submitted = harness.farm().Submit(submission);
    if (submitted) id = submitted->id;
    for (int auditor = 0; auditor < 2; ++auditor) {
      // Each approval is asked for again, as a person whose command failed would.
      (void)harness.farm().Approve(submission.manifest,
                                   harness.world().MakeApproval(submission.manifest, auditor));
    }
    harness.Drive(3);
    if (!machine.dead) break;
    harness.Stop();
    machine.dead = false;
    machine.steps = -1;  // no second time
    harness.Start();
  }
  return id;
}

void ExpectReleasedOnce(Harness& harness, const std::string& id, const std::string& point) {
  ASSERT_FALSE(id.empty()) << point;
  EXPECT_EQ(harness.Get(id).stage, Stage::kReleased) << point << ": " << harness.Why(id);
  FakeWorld& world = harness.world();
  EXPECT_EQ(world.signed_releases(), 1) << point;
  EXPECT_EQ(world.Logged("release"), 1) << point;
  EXPECT_EQ(world.Logged("intent"), 1) << point;
  EXPECT_EQ(world.Logged("request"), 1) << point;
  EXPECT_EQ(world.Logged("record"), 3) << point;
  EXPECT_EQ(world.builds(), 3) << point;
  // Two artifacts and the kit, with line and log proof each.
  EXPECT_EQ(Must(ListDirectory(harness.path("published/greeting/1.0"))).size(), 9u) << point;
  EXPECT_TRUE(Must(ListDirectory(harness.path("published/.partial"))).empty()) << point;
}

constexpr int kParts = 4;  // so that they can run side by side

// The sanitizers are five times slower and look at the code, not at the points: every fourth will
// do.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FARM_SANITIZED
#endif
#endif
#ifdef FARM_SANITIZED
constexpr int kStride = 4;
#else
constexpr int kStride = 1;
#endif

class Crash : public testing::TestWithParam<int> {};

TEST_P(Crash, AReleaseEndsOnceWhereverFarmdWasStopped) {
  int points = 0;
  {
    Harness harness;
    Machine machine;
    machine.steps = -1;
    Connect(harness, machine);
    harness.Restart();
    machine.passed = 0;
    ExpectReleasedOnce(harness, ReleaseOver(harness, machine, harness.Make("1.0")), "no crash");
    points = machine.passed;
  }
  ASSERT_GT(points, 100);
  for (int point = GetParam(); point < points; point += kParts * kStride) {
    Harness harness;
    const Submission submission = harness.Make("1.0");
    Machine machine;
    machine.steps = -1;
    Connect(harness, machine);
    harness.Restart();
    machine.passed = 0;
    machine.steps = point;
    const std::string id = ReleaseOver(harness, machine, submission);
    ExpectReleasedOnce(harness, id, std::to_string(point) + " (" + machine.last + ")");
    if (HasFailure()) return;
  }
  RecordProperty("points", points);
}

INSTANTIATE_TEST_SUITE_P(EveryPoint, Crash, testing::Range(0, kParts));

}  // namespace
}  // namespace farm
