// What a command inside may not use up, and how it ends.
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "tests/attacks/harness.h"

namespace attacks {
namespace {

// Whether any process of this machine (or of Bazel's sandbox) is called `name`.
bool IsAlive(const std::string& name) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    if (ReadFile(entry.path() / "comm") == name + "\n") return true;
  }
  return false;
}

void ExpectLimit(const Ran& ran, const std::string& limit) {
  EXPECT_EQ(ran.exit_code, 40) << ran.diagnostics;
  EXPECT_EQ(ran.Ended(), "limit") << ran.diagnostics;
  EXPECT_EQ(ran.result.value("limit", ""), limit) << ran.diagnostics;
}

TEST(Limits, ForkBombStopsAtTheLimit) {
  Bench bench;
  ExpectLimit(bench.Do({"fork_bomb"}, {"--pids", "50"}), "pids");
}

TEST(Limits, MemoryBombIsStopped) {
  Bench bench;
  Ran ran = bench.Do({"memory_bomb"}, {"--memory-bytes", "100000000"});
  ExpectLimit(ran, "memory");
  // Observed: the rlimit of each process stands above the limit, for the watchdog to see it passed.
  EXPECT_LE(ran.result["usage"]["memory_bytes_max"], HasCgroup() ? 101000000 : 210000000);
}

// Where it is the same user of the host, what it may and they may not keeps them off.
TEST(Limits, NobodyMakesInitWait) {
  Bench bench;
  for (const char* bytes : {"0", "100000000"}) {
    for (const char* id : {"1000", "0"}) {  // 0: init's own
      EXPECT_EQ(bench.Do({"init_waits"}, {"--memory-bytes", bytes, "--uid", id, "--gid", id}).log,
                "EPERM EPERM EPERM")
          << bytes << id;
    }
  }
}

// What a level lays over the list of segments is for the command alone.
TEST(Limits, SegmentsThatNobodyMapsAreMemory) {
  Bench bench;
  std::vector<std::string> options = {"--memory-bytes", "100000000"};
  ExpectLimit(bench.Do({"segments", "150"}, options), "memory");
  options.insert(options.end(), {"--determinism", "full", "--clock", "1700000000"});
  ExpectLimit(bench.Do({"segments", "150"}, options), "memory");
}

// Ten processes that have the same 60 MB have 60 MB.
TEST(Limits, MemoryInCommonCountsOnce) {
  Bench bench;
  for (const char* kind : {"vfork", "fork"}) {
    Ran ran = bench.Do({"common_memory", kind, "60000000"}, {"--memory-bytes", "100000000"});
    EXPECT_EQ(ran.exit_code, 0) << kind << ran.diagnostics;
    EXPECT_EQ(ran.log, "allowed") << kind;
  }
  ExpectLimit(bench.Do({"common_memory", "fork", "120000000"}, {"--memory-bytes", "100000000"}),
              "memory");
}

// What README.md says not to be guaranteed: without a cgroup addresses are what is limited, and the
// kernel refuses them in nobody's name.
TEST(Limits, WhoReservesTooMuchAtOnceIsToldByTheKernelAlone) {
  Bench bench;
  Ran ran = bench.Do({"reserve", "300000000"}, {"--memory-bytes", "100000000"});
  EXPECT_EQ(ran.exit_code, 0) << ran.diagnostics;
  EXPECT_EQ(ran.log, HasCgroup() ? "allowed" : "ENOMEM");
}

// What we lay into the same tmpfs is not the command's.
TEST(Limits, TheSmallestDiskIsRoomForUs) {
  Bench bench;
  Ran ran = bench.Do({"cwd"}, {"--disk-bytes", "4096", "--disk-inodes", "1"});
  EXPECT_EQ(ran.exit_code, 0) << ran.diagnostics;
}

TEST(Limits, LogFlood) {
  Bench bench;
  Ran ran = bench.Do({"flood"}, {"--log-bytes", "100000"});
  ExpectLimit(ran, "log");
  EXPECT_EQ(ran.result["usage"]["log_bytes"], 100000);
  EXPECT_LE(ran.log.size(), 100000u);
}

// It would set the terminal's title, ask it for answers that are input, or hide what stood there.
TEST(Log, OnATerminalHasNoEscapeSequences) {
  Bench bench;
  int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_TRUE(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
  int log = open(ptsname(terminal), O_RDWR | O_NOCTTY);
  termios raw = {};
  ASSERT_EQ(tcgetattr(log, &raw), 0);
  cfmakeraw(&raw);
  ASSERT_EQ(tcsetattr(log, TCSANOW, &raw), 0);
  const std::string text = "\x1b]0;title\x07 \xc3\xa4 \xc2\x9b";
  Ran ran =
      bench.Do({"cat", "/build/input"}, {"--input", bench.NewFile("input", text), "/build/input",
                                         "644", "0", "--log-fd", std::to_string(log)});
  EXPECT_EQ(ran.exit_code, 0) << ran.diagnostics;
  EXPECT_EQ(ran.result["usage"]["log_bytes"], text.size() + 1);
  char seen[256] = {};
  ssize_t count = read(terminal, seen, sizeof seen);
  EXPECT_EQ(std::string(seen, static_cast<std::size_t>(std::max<ssize_t>(count, 0))),
            "?]0;title? \xc3\xa4 \xc2?\n");
  close(log);
  close(terminal);
}

// It has room for some bytes, and says so, but not for what is written; and its open file
// description is the caller's, too.
TEST(Log, ATerminalThatNobodyReadsKeepsNoEndOff) {
  Bench bench;
  int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_TRUE(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
  int log = open(ptsname(terminal), O_RDWR | O_NOCTTY);
  std::vector<std::string> words = {"--root-dir",     bench.root(), "--log-fd", std::to_string(log),
                                    "--wall-seconds", "1",          "--",       "/bin/hostile",
                                    "flood"};
  ExpectLimit(bench.Run(words), "wall");
  EXPECT_EQ(fcntl(log, F_GETFL) & O_NONBLOCK, 0);
  words[5] = "100";
  Running running = bench.Start(words);
  usleep(1000000);
  kill(running.pid, SIGTERM);
  Ran ran = bench.Wait(running);
  EXPECT_EQ(ran.exit_code, 26) << ran.diagnostics;
  EXPECT_EQ(ran.Ended(), "cancelled");
  close(log);
  close(terminal);
}

// The kernel counts them for the user on the host, who with one id is the caller.
TEST(Limits, ACommandThatSendsDescriptorsKeepsNobodyFromStartingAnother) {
  if (TestMode() == Mode::kPlain) return;  // other tests run as this user, at the same time
  Bench bench;
  Running running = bench.Start(
      {"--root-dir", bench.root(), "--", "/bin/hostile", "fill_the_way_of_descriptors", "60"});
  for (int i = 0; i < 400 && ReadFile(running.log).empty(); ++i) usleep(50000);
  EXPECT_EQ(ReadFile(running.log), "ETOOMANYREFS\n");
  Ran other = bench.Do({"cwd"});
  EXPECT_EQ(other.exit_code, 0) << other.diagnostics;
  kill(running.pid, SIGTERM);
  EXPECT_EQ(bench.Wait(running).Ended(), "cancelled");
}

TEST(Limits, KernelLimitsCanBeRequired) {
  Bench bench;
  Ran ran = bench.Do({"cwd"}, {"--require-kernel-limits"});
  EXPECT_EQ(ran.exit_code, HasCgroup() ? 0 : 30) << ran.diagnostics;
  EXPECT_EQ(ran.log, HasCgroup() ? "/build" : "");
}

TEST(Endings, ExitCodeAndSignalAreTold) {
  Bench bench;
  Ran exited = bench.Do({"exit", "7"});
  EXPECT_EQ(exited.exit_code, 40);
  EXPECT_EQ(exited.Ended(), "exited");
  EXPECT_EQ(exited.result["exit_code"], 7);
  Ran killed = bench.Do({"raise", "6"});
  EXPECT_EQ(killed.exit_code, 40);
  EXPECT_EQ(killed.Ended(), "signaled");
  EXPECT_EQ(killed.result["signal"], 6);
}

TEST(Endings, MissingProgramIsAnError) {
  Bench bench;
  Ran ran = bench.Run({"--root-dir", bench.root(), "--", "/bin/missing"});
  EXPECT_EQ(ran.exit_code, 22) << ran.diagnostics;
  EXPECT_EQ(ran.Ended(), "error");
}

void ExpectCancelledBy(int signal) {
  Bench bench;
  Running running = bench.Start({"--root-dir", bench.root(), "--", "/bin/hostile", "sleep", "60"});
  usleep(500000);
  kill(running.pid, signal);
  Ran ran = bench.Wait(running);
  EXPECT_EQ(ran.exit_code, 26) << ran.diagnostics;
  EXPECT_EQ(ran.Ended(), "cancelled");
}

TEST(Endings, CancelKillsEverything) { ExpectCancelledBy(SIGTERM); }

TEST(Endings, TheKeyThatQuitsCancels) { ExpectCancelledBy(SIGQUIT); }

// ulimit -f 0 kills whoever writes a file, the launcher among them.
TEST(Limits, TheCallersLimitOnFilesIsNotTheBuilds) {
  Bench bench;
  std::filesystem::path out = bench.NewDirectory("out");
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit none = {0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  signal(SIGXFSZ, SIG_IGN);
  Running running =
      bench.Start({"--root-dir", bench.root(), "--output", "/build/file", "--output-dir", out, "--",
                   "/bin/hostile", "write", "/build/file", "content"});
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, SIG_DFL);
  Ran ran = bench.Wait(running);
  EXPECT_EQ(ran.exit_code, 0) << ran.diagnostics;
  EXPECT_EQ(ReadFile(out / "file"), "content");
}

TEST(Endings, KilledLauncherLeavesNothing) {
  Bench bench;
  std::string name = "k" + std::to_string(getpid());
  Running running =
      bench.Start({"--root-dir", bench.root(), "--prepare-word", "/bin/hostile", "--prepare-word",
                   "exit", "--prepare-word", "0", "--", "/bin/hostile", "daemon_and_sleep", name});
  for (int i = 0; i < 200 && !IsAlive(name); ++i) usleep(50000);
  ASSERT_TRUE(IsAlive(name));
  kill(running.pid, SIGKILL);
  bench.Wait(running);
  for (int i = 0; i < 200 && IsAlive(name); ++i) usleep(50000);
  EXPECT_FALSE(IsAlive(name));
}

TEST(Endings, WhatIsNotThereIsSaidBeforeAnythingStarts) {
  Bench bench;
  Ran root = bench.Run({"--root-dir", "/nonexistent", "--", "/bin/hostile", "cwd"});
  EXPECT_EQ(root.exit_code, 22);
  EXPECT_NE(root.result.value("message", "").find("/nonexistent"), std::string::npos);
  Ran usage = bench.Run({"--root-dir", bench.root(), "--no-such-option", "--", "/bin/hostile"});
  EXPECT_EQ(usage.exit_code, 2);
  Ran image = bench.Run({"--root-image", bench.NewFile("image", "x"), "--", "/bin/hostile"});
  EXPECT_EQ(image.exit_code, 30);
  Ran input = bench.Run({"--root-dir", bench.root(), "--input", "/nonexistent", "/build/x", "644",
                         "0", "--", "/bin/hostile", "cwd"});
  EXPECT_EQ(input.exit_code, 22);
  EXPECT_NE(input.result.value("message", "").find("/nonexistent"), std::string::npos);
  EXPECT_EQ(bench.Program({"remove", "/nonexistent"}).exit_code, 22);
}

}  // namespace
}  // namespace attacks
