// What a command inside may not see, touch or become.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "tests/attacks/harness.h"

namespace attacks {
namespace {

// One deed, and the one line that it must say.
struct Row {
  const char* name;
  std::vector<std::string> deed;
  std::string line;
};

class Walls : public testing::TestWithParam<Row> {};

TEST_P(Walls, Stand) {
  Bench bench;
  Ran ran = bench.Do(GetParam().deed);
  EXPECT_EQ(ran.log, GetParam().line) << ran.diagnostics;
  EXPECT_EQ(ran.exit_code, 0) << ran.diagnostics;
}

INSTANTIATE_TEST_SUITE_P(
    Attacks, Walls,
    testing::Values(
        Row{"no_capability_and_one_user",
            {"status"},
            "Uid: 1000 1000 1000 1000;Gid: 1000 1000 1000 1000;CapInh: 0000000000000000;"
            "CapPrm: 0000000000000000;CapEff: 0000000000000000;CapBnd: 0000000000000000;"
            "CapAmb: 0000000000000000;NoNewPrivs: 1;Seccomp: 2;"},
        Row{"terminal_input", {"terminal"}, "EPERM EPERM EPERM allowed"},
        Row{"root_has_nothing_else", {"list", "/"}, "bin build dev etc proc tmp"},
        Row{"few_devices",
            {"list", "/dev"},
            "fd full null ptmx pts random shm stderr stdin stdout urandom zero"},
        Row{"nothing_in_shared_memory", {"list", "/dev/shm"}, ""},
        Row{"only_own_processes", {"processes"}, "2 processes"},
        Row{"environment_is_empty", {"environment"}, "[]"},
        Row{"descriptors_are_three", {"descriptors"}, "0 1 2"},
        Row{"uptime_says_nothing", {"uptime"}, "since the run"},
        Row{"same_settings_everywhere",
            {"standard"},
            "stdout=allowed core=1 host=sandbox umask=022"},
        Row{"cwd_is_build", {"cwd"}, "/build"},
        Row{"tcp_is_refused_by_landlock", {"bind_tcp"}, "EACCES"},
        Row{"the_kernel_ends_it_first", {"cat", "/proc/self/oom_score_adj"}, "1000\n"},
        // Its own by owner and mode: only Landlock says no.
        Row{"own_name_is_refused_by_landlock", {"append", "/proc/self/comm"}, "EACCES"}),
    [](const testing::TestParamInfo<Row>& info) { return std::string(info.param.name); });

// The other side of a network that leads nowhere: with a loopback of its own a build can talk to
// itself.
TEST(Walls, LoopbackWorksWhereItIsAskedFor) {
  Bench bench;
  EXPECT_EQ(bench.Do({"udp", "9"}).log, "ENETUNREACH");
  EXPECT_EQ(bench.Do({"udp", "9"}, {"--loopback"}).log, "allowed");
}

TEST(Walls, BindShowsTheHostsFolder) {
  Bench bench;
  std::filesystem::path host = bench.NewDirectory("host", 0777);
  std::ofstream(host / "file") << "host";
  std::vector<std::string> bind = {"--bind-ro", host, "/build/bound"};
  EXPECT_EQ(bench.Do({"cat", "/build/bound/file"}, bind).log, "host");
}

// What README.md says not to be guaranteed: the kernel writes it there.
TEST(Walls, TheListOfMountsShowsWhereABindComesFrom) {
  Bench bench;
  std::filesystem::path host = bench.NewDirectory("host", 0777);
  std::string mounts =
      bench.Do({"cat", "/proc/self/mountinfo"}, {"--bind-ro", host, "/build/bound"}).log;
  std::string end = bench.directory().filename().string() + "/host ";
  EXPECT_NE(mounts.find(end), std::string::npos) << mounts;
}

// One beneath another is in the list all the same.
TEST(Walls, TheHostsProcIsTakenOff) {
  Bench bench;
  std::istringstream mounts(bench.Do({"cat", "/proc/self/mountinfo"}).log);
  int found = 0;
  for (std::string line; std::getline(mounts, line);) {
    found += line.find(" - proc ") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(found, 1) << mounts.str();
}

TEST(Walls, WhatWasInForceIsInTheResult) {
  Bench bench;
  Ran ran = bench.Do({"cwd"});
  ASSERT_EQ(ran.exit_code, 0) << ran.diagnostics;
  nlohmann::json isolation = ran.result["isolation"];
  EXPECT_EQ(isolation["uid_map"], HasRange() ? "range" : "single");
  EXPECT_EQ(isolation["seccomp"], "allow-list");
  EXPECT_GE(isolation["landlock_abi"], 2);
  EXPECT_EQ(ran.result["limits"]["enforcement"], HasCgroup() ? "kernel" : "observed");
  EXPECT_EQ(ran.result["limits"]["disk_enforcement"], "kernel");
  EXPECT_EQ(isolation["root_backend"], "directory");
  utsname kernel = {};
  uname(&kernel);
  EXPECT_EQ(isolation["kernel"], kernel.release);
  EXPECT_NE(isolation["cpu_flags"], "");
}

// The record's facts come from what was loaded, not from what was asked for.
TEST(Walls, WhatWasNotReachedIsNotInForce) {
  Bench bench;
  Ran ran = bench.Run({"--root-dir", "/proc/nowhere", "--", "/bin/hostile", "cwd"});
  EXPECT_EQ(ran.Ended(), "error") << ran.diagnostics;
  EXPECT_EQ(ran.result["isolation"]["root_backend"], "none");
  EXPECT_EQ(ran.result["isolation"]["seccomp"], "none");
  EXPECT_EQ(ran.result["isolation"]["landlock_abi"], 0);
  EXPECT_EQ(ran.result["limits"]["disk_enforcement"], "observed");
  // The root is there; its program is not: nothing was confined for long.
  ran = bench.Run({"--root-dir", bench.root(), "--cwd", "/missing", "--", "/bin/hostile", "cwd"});
  EXPECT_EQ(ran.Ended(), "error") << ran.diagnostics;
  EXPECT_EQ(ran.result["isolation"]["root_backend"], "directory");
  EXPECT_EQ(ran.result["isolation"]["seccomp"], "none");
}

TEST(Walls, ARootWithoutAFolderToMountOnIsToldWhichOne) {
  for (const char* folder : {"/build", "/dev", "/proc", "/tmp"}) {
    Bench bench;
    std::filesystem::remove(bench.root() / (folder + 1));
    Ran ran = bench.Do({"cwd"});
    EXPECT_EQ(ran.exit_code, 30) << ran.diagnostics;
    const std::string message = ran.result.value("message", "");
    EXPECT_NE(message.find(std::string("has no folder ") + folder + ":"), std::string::npos)
        << message;
    EXPECT_NE(message.find("mkdir"), std::string::npos) << message;
    EXPECT_EQ(message.find("modprobe"), std::string::npos) << message;
  }
  Bench bench;
  std::filesystem::remove(bench.root() / "tmp");
  std::filesystem::create_symlink("build", bench.root() / "tmp");
  Ran ran = bench.Do({"cwd"});
  EXPECT_NE(ran.result.value("message", "").find("has no folder /tmp:"), std::string::npos)
      << ran.diagnostics;
}

// Of another owner, as a root made by the host's root is.
TEST(Walls, ARootThatNobodyInsideMayEnterIsNotSaidToLackAFolder) {
  Bench bench;
  std::filesystem::permissions(bench.root(), std::filesystem::perms(0000));
  Ran ran = bench.Do({"cwd"});
  std::filesystem::permissions(bench.root(), std::filesystem::perms(0755));
  const std::string message = ran.result.value("message", "");
  EXPECT_NE(ran.exit_code, 0) << ran.diagnostics;
  EXPECT_EQ(message.find("has no folder"), std::string::npos) << message;
  if (TestMode() == Mode::kPlain) return;  // its owner is who looks
  EXPECT_EQ(ran.exit_code, 30) << ran.diagnostics;
  EXPECT_NE(message.find("chmod 0755"), std::string::npos) << message;
}

TEST(Walls, TheHostsOwnRootIsNoRoot) {
  Bench bench;
  Ran ran = bench.Run({"--root-dir", "/", "--", "/bin/true"});
  EXPECT_EQ(ran.exit_code, 30) << ran.diagnostics;
  const std::string message = ran.result.value("message", "");
  EXPECT_NE(message.find("something is mounted below it"), std::string::npos) << message;
  EXPECT_NE(message.find("an unpacked one"), std::string::npos) << message;
}

TEST(Walls, AKilledCommandHasSaidWhatConfinedIt) {
  Bench bench;
  Ran ran = bench.Do({"sleep", "100"}, {"--wall-seconds", "2"});
  EXPECT_EQ(ran.Ended(), "limit") << ran.diagnostics;
  EXPECT_EQ(ran.result["isolation"]["seccomp"], "allow-list");
  EXPECT_GE(ran.result["isolation"]["landlock_abi"], 2);
}

}  // namespace
}  // namespace attacks
