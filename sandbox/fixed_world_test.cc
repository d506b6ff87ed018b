// What a level of determinism is computed from: pure values.
#include <gtest/gtest.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <set>
#include <string>

#include "sandbox/ancestry.h"
#include "sandbox/family.h"
#include "sandbox/file_view.h"
#include "sandbox/shown_time.h"

namespace sandbox {
namespace {

TEST(Ancestry, IsAFunctionOfTheParentAndTheNumber) {
  Ancestry first = FirstAncestry(1);
  Ancestry child = ChildAncestry(first, 0);
  EXPECT_EQ(child.high, ChildAncestry(first, 0).high);
  EXPECT_NE(child.high, ChildAncestry(first, 1).high);
  EXPECT_NE(child.low, ChildAncestry(FirstAncestry(2), 0).low);
}

TEST(Ancestry, HowManyJobsThereAreChangesNothing) {
  auto words = [](std::initializer_list<std::string> list) {
    std::string line;
    for (const std::string& word : list) line += word + '\0';
    return line;
  };
  const std::string kept = words({"make", "-s", "7", "all"});
  for (const auto& line :
       {words({"make", "-s", "7", "all"}), words({"make", "-j2", "-s", "7", "all"}),
        words({"make", "-s", "7", "all", "-j"}), words({"make", "-j", "12", "-s", "7", "all"}),
        words({"make", "--jobs=3", "-s", "7", "all"})}) {
    EXPECT_EQ(WithoutJobs(line), kept) << line;
  }
  for (const auto& line : {words({"jar", "-jx"}), words({"a", "--jobs=many", "-k", "2"}),
                           words({"", ""}), std::string("cut"), std::string()}) {
    EXPECT_EQ(WithoutJobs(line), line) << line;
  }
}

// Golden: other numbers would be other releases.
TEST(Ancestry, IsTheSameOnEveryMachine) {
  Ancestry first = FirstAncestry(3);
  std::uint64_t words[2] = {};
  FillRandom(first, 0, words, sizeof words);
  EXPECT_EQ(words[0], 11928478034861366481u);
  EXPECT_EQ(WantedPid(ChildAncestry(first, 0)), 29542);
  EXPECT_EQ(HashText("name", 4), 1540409761673808794u);
  EXPECT_EQ(DirectoryOrder("name"), 568232201440u);
}

TEST(Ancestry, WantsProcessIdsThatEveryKernelHas) {
  Ancestry ancestry = FirstAncestry(1);
  std::set<pid_t> pids;
  for (std::uint64_t i = 0; i < 10000; ++i) {
    pid_t pid = WantedPid(ChildAncestry(ancestry, i));
    EXPECT_GE(pid, kPidMin);
    EXPECT_LT(pid, kPidMax);
    pids.insert(pid);
  }
  EXPECT_GT(pids.size(), 8000u);  // of 32,468: as chance would have it
}

TEST(Ancestry, RandomBytesGoOnWhereTheyEnded) {
  Ancestry ancestry = FirstAncestry(1);
  char whole[24];
  char parts[24];
  FillRandom(ancestry, 0, whole, sizeof whole);
  FillRandom(ancestry, 0, parts, 8);
  FillRandom(ancestry, 8, parts + 8, 16);
  EXPECT_EQ(std::string(whole, sizeof whole), std::string(parts, sizeof parts));
}

constexpr std::int64_t kClock = 1600000000 * kSecond;
constexpr std::int64_t kBegan = 1800000000 * kSecond;
constexpr std::int64_t kDay = 86400 * kSecond;

TEST(FileTimes, WhatWasBeforeTheRunIsShownAsItIs) {
  FileTimes times(kClock, kBegan, kDay);
  std::int64_t now = kBegan + 10 * kSecond;
  EXPECT_EQ(times.Shown(kBegan - 1, now), kBegan - 1);
  EXPECT_EQ(times.Shown(5, now), 5);
  EXPECT_EQ(times.Shown(now + 1, now), now + 1);  // a program has set it
}

TEST(FileTimes, TheSecondIsTheClocksAndTheRestTheOrder) {
  FileTimes times(kClock, kBegan, kDay);
  std::int64_t last = -1;
  for (std::int64_t passed : {std::int64_t{0}, std::int64_t{4000000}, kSecond, kDay / 2, kDay}) {
    std::int64_t shown = times.Shown(kBegan + passed, kBegan + passed);
    EXPECT_EQ(shown / kSecond, kClock / kSecond);
    EXPECT_LT(shown % kSecond, kClockStart);
    EXPECT_GT(shown, last);
    last = shown;
  }
  // Longer than it may run: still no later second.
  EXPECT_LT(times.Shown(kBegan + 3 * kDay, kBegan + 3 * kDay), kClock + kClockStart);
}

TEST(FileTimes, NothingOfTheToolchainIsNewerThanTheClock) {
  FileTimes times(kClock, kBegan, kDay);
  EXPECT_EQ(times.ShownOfToolchain(5), 5);
  EXPECT_EQ(times.ShownOfToolchain(kBegan - 1), kClock);
}

TEST(FileTimes, SleepMovesTheSecond) {
  FileTimes times(kClock, kBegan, kDay);
  std::int64_t now = kBegan + 100 * kSecond;
  times.Slept(kSecond + 3, kBegan + 5 * kSecond);
  times.Slept(kSecond / 2, kBegan + 6 * kSecond);  // another process, which slept less
  EXPECT_EQ(times.Shown(kBegan + 4 * kSecond, now) / kSecond, kClock / kSecond);
  EXPECT_EQ(times.Shown(kBegan + 5 * kSecond, now) / kSecond, kClock / kSecond + 1);
  EXPECT_EQ(times.Shown(kBegan + 9 * kSecond, now) / kSecond, kClock / kSecond + 1);
}

Family MakeFamily() { return Family(1, kClock / kSecond, FileTimes(kClock, RealNow(), kDay)); }

TEST(Family, AChildsPlaceDoesNotDependOnItsCousins) {
  Family one = MakeFamily();
  one.Begin(2);
  one.Born(2, 10, 10);
  one.Born(2, 11, 11);
  std::uint64_t early = one.NextChild(11).high;
  Family other = MakeFamily();
  other.Begin(2);
  other.Born(2, 20, 20);
  other.Born(20, 30, 30);
  other.Born(20, 31, 31);
  other.Born(2, 21, 21);
  EXPECT_EQ(other.NextChild(21).high, early);
}

TEST(Family, AParentHasSleptWhenItsChildHas) {
  Family family = MakeFamily();
  family.Begin(2);
  family.Born(2, 10, 10);
  family.Slept(10, 3 * kSecond);
  EXPECT_EQ(family.Elapsed(2), 0);
  family.Ended(10);
  EXPECT_GE(family.Elapsed(2), 3 * kSecond);
  EXPECT_LT(family.Elapsed(2), 4 * kSecond);
}

TEST(Family, AThreadsSleepIsItsOwn) {
  Family family = MakeFamily();
  family.Begin(2);
  family.Born(2, 10, 2);
  family.Slept(10, 3 * kSecond);
  family.Ended(10);
  EXPECT_EQ(family.Elapsed(2), 0);
}

TEST(Family, ATimerThatIsDueHasBeenWaitedFor) {
  Family family = MakeFamily();
  family.Begin(2);
  family.Armed(2, 1, {5 * kSecond, MonotonicNow() - 1, 0, -1});
  family.Armed(2, 2, {50 * kSecond, MonotonicNow() + kDay, 0, -1});
  EXPECT_GE(family.Elapsed(2), 5 * kSecond);
  EXPECT_LT(family.Elapsed(2), 6 * kSecond);
}

TEST(Family, ATimerThatIsSetAgainIsNoLongerDue) {
  Family family = MakeFamily();
  family.Begin(2);
  family.Armed(2, 1, {5 * kSecond, MonotonicNow() - 1, 0, -1});
  family.Armed(2, 1, {50 * kSecond, MonotonicNow() + kDay, 0, -1});
  EXPECT_EQ(family.Elapsed(2), 0);
  // And no program makes its clock slow by setting many.
  for (std::uint64_t key = 0; key < 2 * Family::kTimersMax; ++key) {
    family.Armed(2, key, {60 * kSecond, MonotonicNow() + kDay, 0, -1});
  }
  EXPECT_EQ(family.Elapsed(2), 0);
}

TEST(Family, ATimerThatWasTakenOffIsNotDue) {
  Family family = MakeFamily();
  family.Begin(2);
  family.Armed(2, 1, {5 * kSecond, MonotonicNow() - 1, 0, -1});
  family.Armed(2, 2, {7 * kSecond, MonotonicNow() - 1, kSecond, -1});
  family.Disarmed(2, 1);
  family.Disarmed(2, 2);
  family.Disarmed(2, 3);  // never set
  EXPECT_EQ(family.Elapsed(2), 0);
}

void WaitUntil(std::int64_t time) {
  while (MonotonicNow() < time) {
  }
}

// Whether a timerfd that is closed before it is due was taken off, or read and then closed, is seen
// by a look meanwhile alone.
TEST(Family, ADescriptorThatIsFoundClosedIsNoTimer) {
  const pid_t process = getpid();
  constexpr std::int64_t kSoon = kSecond / 100;
  Family family = MakeFamily();
  family.Begin(process);
  for (bool is_open : {true, false}) {
    for (bool looks : {true, false}) {
      int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
      ASSERT_GE(timer, 0);
      if (!is_open) close(timer);
      std::int64_t before = 0;
      std::int64_t due = 0;
      do {
        before = family.Elapsed(process);
        due = MonotonicNow() + kSoon;
        family.Armed(process, 1, {before + 5 * kSecond, due, 0, timer});
        if (looks) family.Elapsed(process);
      } while (MonotonicNow() >= due);  // a machine with other work
      WaitUntil(due + 1);
      const bool is_moved = family.Elapsed(process) >= before + 5 * kSecond;
      EXPECT_EQ(is_moved, is_open || !looks);
      if (is_open) close(timer);
    }
  }
}

TEST(Family, ATimerThatRingsAgainMovesTheClockByOneTimeEachLook) {
  constexpr std::int64_t kInterval = kSecond / 100;
  Family family = MakeFamily();
  family.Begin(2);
  std::int64_t now = MonotonicNow();
  family.Armed(2, 1, {kSecond, now - 20 * kInterval, kInterval, -1});
  std::int64_t first = family.Elapsed(2);
  EXPECT_GE(first, kSecond);
  EXPECT_LT(first, kSecond + kInterval);  // not by all the times that went by
  WaitUntil(MonotonicNow() + 2 * kInterval);
  std::int64_t second = family.Elapsed(2);
  EXPECT_GE(second, first + kInterval);
  EXPECT_LT(second, first + 2 * kInterval);
  // By what it has slept meanwhile the next time is later.
  family.Slept(2, 5 * kSecond);
  WaitUntil(MonotonicNow() + 2 * kInterval);
  std::int64_t third = family.Elapsed(2);
  WaitUntil(MonotonicNow() + 2 * kInterval);
  EXPECT_GE(family.Elapsed(2), third + kInterval);
}

// GHC's programs and squashfs's tools have a thread that does nothing but tick.
TEST(Family, AmongSeveralThreadsATimerThatRingsAgainMovesNoClock) {
  Family family = MakeFamily();
  family.Begin(2);
  family.Born(2, 10, 2);
  family.Armed(2, 1, {5 * kSecond, MonotonicNow() - 1, kSecond, -1});
  EXPECT_EQ(family.Elapsed(2), 0);
  EXPECT_EQ(family.Elapsed(10), 0);
  family.Ended(10);
  EXPECT_GE(family.Elapsed(2), 5 * kSecond);
}

TEST(Family, EachClockShowsItsOwn) {
  const Family family = MakeFamily();
  const std::int64_t real = family.RealTime(kSecond);
  EXPECT_EQ(real, kClock + kClockStart + kSecond);
  struct Row {
    clockid_t clock;
    std::optional<std::int64_t> shown;
  };
  const std::int64_t uptime = (kUptimeSeconds + 1) * kSecond;
  const Row rows[] = {
      {CLOCK_REALTIME, real},
      {CLOCK_REALTIME_ALARM, real},
      {CLOCK_REALTIME_COARSE, real},
      {CLOCK_TAI, real + 37 * kSecond},
      {CLOCK_MONOTONIC, uptime},
      {CLOCK_MONOTONIC_RAW, uptime},
      {CLOCK_BOOTTIME, uptime},
      {CLOCK_BOOTTIME_ALARM, uptime},
      {CLOCK_THREAD_CPUTIME_ID, kSecond},
      {CLOCK_PROCESS_CPUTIME_ID, kSecond},
      {-6, kSecond},
      {1000, std::nullopt},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(family.ShownClock(row.clock, kSecond), row.shown) << row.clock;
  }
}

TEST(Family, ALoopThatLooksComesToItsEnd) {
  Family family = MakeFamily();
  family.Begin(2);
  std::int64_t first = family.LookAtElapsed(2);
  EXPECT_EQ(family.LookAtElapsed(2), first);
  for (std::uint64_t i = 0; i < kLooksPerStep; ++i) family.LookAtElapsed(2);
  EXPECT_EQ(family.LookAtElapsed(2), first + kClockStep);
}

// Whoever waits for a process has slept as long as that, whichever thread executed its program.
TEST(Family, ExecutionByAThreadKeepsTheParentOfTheProcess) {
  Family family = MakeFamily();
  family.Begin(2);
  family.Born(2, 5, 5);
  family.Born(5, 6, 5);
  family.Executed(5, 6, 7);
  family.Slept(5, 3 * kSecond);
  family.Ended(5);
  EXPECT_GE(family.Elapsed(2), 3 * kSecond);
}

TEST(Family, OfAProcessThatHasEndedNoThreadIsLeft) {
  Family family = MakeFamily();
  family.Begin(2);
  family.Born(2, 5, 5);
  family.Born(5, 6, 5);
  family.Ended(5);
  EXPECT_EQ(family.ProcessOf(6), 6);  // a stranger
}

TEST(Family, ExecutionByAThreadLeavesOneMember) {
  Family family = MakeFamily();
  family.Begin(2);
  family.Born(2, 10, 2);
  family.Executed(2, 10, 7);
  EXPECT_EQ(family.ProcessOf(10), 10);  // a stranger
  // Its place is that of the thread, which another thread would not have had.
  Family other = MakeFamily();
  other.Begin(2);
  other.Born(2, 9, 2);
  other.Born(2, 10, 2);
  other.Executed(2, 10, 7);
  EXPECT_NE(family.NextChild(2).high, other.NextChild(2).high);
}

std::uint64_t RandomOf(Family& family, pid_t thread) {
  std::uint64_t value = 0;
  family.TakeRandom(thread, &value, sizeof value);
  return value;
}

TEST(Family, ProgramsThatAreStartedAtOnceHaveTheirPlacesInWhateverOrder) {
  Family one = MakeFamily();
  one.Begin(2);
  one.Born(2, 10, 10);
  one.Born(2, 11, 11);
  one.Executed(10, 10, 1000);
  one.Executed(11, 11, 1001);
  Family other = MakeFamily();
  other.Begin(2);
  other.Born(2, 20, 20);
  other.Executed(20, 20, 1001);
  other.Ended(20);
  other.Born(2, 21, 21);
  other.Executed(21, 21, 1000);
  EXPECT_EQ(one.NextChild(10).high, other.NextChild(21).high);
  const std::uint64_t random = RandomOf(one, 10);
  EXPECT_EQ(random, RandomOf(other, 21));
  EXPECT_NE(random, RandomOf(one, 11));
}

TEST(Family, TheSameProgramOnceMoreIsAnother) {
  Family family = MakeFamily();
  family.Begin(2);
  std::set<std::uint64_t> randoms;
  for (pid_t child : {10, 11}) {
    family.Born(2, child, child);
    family.Executed(child, child, 1000);
    randoms.insert(RandomOf(family, child));
    family.Executed(child, child, 1000);  // itself again
    randoms.insert(RandomOf(family, child));
  }
  // And by a parent in another place.
  family.Born(10, 12, 12);
  family.Executed(12, 12, 1000);
  randoms.insert(RandomOf(family, 12));
  EXPECT_EQ(randoms.size(), 5u);
}

TEST(Family, RemembersSoManyProgramsAndNoMore) {
  Family family = MakeFamily();
  family.Begin(2);
  auto run = [&](pid_t child, std::uint64_t program) {
    family.Born(2, child, child);
    family.Executed(child, child, program);
    const std::uint64_t random = RandomOf(family, child);
    family.Ended(child);
    return random;
  };
  const std::uint64_t first = run(10, 1);
  for (std::uint64_t program = 2; program <= Family::kProgramsMax; ++program) run(10, program);
  EXPECT_NE(run(10, 1), first);
  const std::uint64_t late = run(10, Family::kProgramsMax + 7);
  EXPECT_NE(run(10, Family::kProgramsMax + 7), late);
}

TEST(FileNumbers, AreThoseOfThePathAndNeverTwice) {
  FileNumbers numbers;
  numbers.AddDevice(77);
  std::uint64_t first = numbers.Add(77, 1, "/build/a").number;
  EXPECT_NE(numbers.Add(77, 2, "/build/a").number, first);  // the old one may be open still
  ASSERT_TRUE(numbers.Find(77, 1).has_value());
  EXPECT_EQ(numbers.Find(77, 1)->number, first);
  EXPECT_FALSE(numbers.Find(77, 3).has_value());
  FileNumbers others;
  others.AddDevice(99);
  EXPECT_EQ(others.Add(99, 55, "/build/a").number, first);
  EXPECT_EQ(others.ShownDevice(99), numbers.ShownDevice(77));
  EXPECT_NE(others.ShownDevice(99), others.ShownDevice(98));
}

// One disk may hold both the root and the work folder.
TEST(FileNumbers, KnowWhatTheCommandMayWrite) {
  FileNumbers numbers;
  for (const char* own : {"/build", "/build/a", "/tmp/x", "/dev/shm/y"}) {
    EXPECT_TRUE(numbers.Add(1, HashText(own, std::strlen(own)), own).is_own) << own;
  }
  for (const char* other : {"/", "/usr/include/stdio.h", "/buildings", "/dev/null"}) {
    EXPECT_FALSE(numbers.Add(1, HashText(other, std::strlen(other)), other).is_own) << other;
  }
}

TEST(DirectoryOrder, BeginsWithTheFolderItselfAndItsParent) {
  EXPECT_EQ(DirectoryOrder("."), 0u);
  EXPECT_EQ(DirectoryOrder(".."), 1u);
  for (const char* name : {"a", "...", "", "\xff"}) EXPECT_GT(DirectoryOrder(name), 1u) << name;
}

}  // namespace
}  // namespace sandbox
