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
        Row{"become_somebody_else", {"become"}, "EPERM EPERM EPERM EPERM EPERM"},
        Row{"kernel_doors",
            {"doors"},
            "keyctl=EPERM add_key=EPERM bpf=EPERM perf=EPERM userfaultfd=EPERM io_uring=ENOSYS "
            "memfd_secret=EPERM handle=EPERM kexec=EPERM module=EPERM syslog=EPERM settime=EPERM "
            "hostname=EPERM unknown=ENOSYS"},
        Row{"socket_families",
            {"sockets"},
            "EAFNOSUPPORT EAFNOSUPPORT EAFNOSUPPORT EAFNOSUPPORT allowed"},
        Row{"netfilter", {"netlink"}, "EPROTONOSUPPORT"},
        Row{"new_namespaces",
            {"namespaces"},
            "EPERM ENOSYS EPERM ENOSYS EPERM ENOSYS EPERM ENOSYS ENOSYS"},
        Row{"mounts_and_chroot", {"mounts"}, "EPERM EPERM EPERM EPERM EPERM EPERM"},
        Row{"device_nodes", {"nodes"}, "whiteout=EPERM null=EPERM disk=EPERM fifo=allowed"},
        Row{"terminal_input", {"terminal"}, "EPERM EPERM EPERM allowed"},
        Row{"write_to_the_root", {"create", "/new"}, "EROFS"},
        Row{"write_to_a_folder_of_the_root", {"create", "/etc/new"}, "EROFS"},
        Row{"change_a_file_that_all_may_write", {"append", "/etc/passwd"}, "EROFS"},
        Row{"write_to_dev", {"create", "/dev/new"}, "EROFS"},
        Row{"read_host_shadow", {"cat", "/etc/shadow"}, "ENOENT"},
        Row{"root_has_nothing_else", {"list", "/"}, "bin build dev etc proc tmp"},
        Row{"few_devices",
            {"list", "/dev"},
            "fd full null ptmx pts random shm stderr stdin stdout urandom zero"},
        Row{"nothing_in_shared_memory", {"list", "/dev/shm"}, ""},
        Row{"only_own_processes", {"processes"}, "2 processes"},
        Row{"kill_everybody", {"kill_all"}, "ESRCH"},
        Row{"environment_is_empty", {"environment"}, "[]"},
        Row{"descriptors_are_three", {"descriptors"}, "0 1 2"},
        Row{"uptime_says_nothing", {"uptime"}, "since the run"},
        Row{"same_settings_everywhere",
            {"standard"},
            "stdout=allowed core=1 host=sandbox umask=022"},
        Row{"cwd_is_build", {"cwd"}, "/build"},
        Row{"tcp_is_refused_by_landlock", {"bind_tcp"}, "EACCES"}),
    [](const testing::TestParamInfo<Row>& info) { return std::string(info.param.name); });

// "0::/" alone where there is version 2 only, else a line of this kind for each hierarchy.
TEST(Walls, ItsCgroupIsTheRootOfWhatItSees) {
  Bench bench;
  std::istringstream lines(bench.Do({"cat", "/proc/self/cgroup"}).log);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_TRUE(line.ends_with(":/")) << line;
  }
  EXPECT_GT(count, 0);
}

TEST(Walls, ProcHidesTheKernel) {
  Bench bench;
  std::string line = bench.Do({"proc"}).log;
  EXPECT_NE(line.find("sys= core=ENOENT"), std::string::npos) << line;
  EXPECT_NE(line.find("keys=[] cmdline=[]"), std::string::npos) << line;
  EXPECT_TRUE(line.find("kcore=[ENOENT]") != std::string::npos ||
              line.find("kcore=[]") != std::string::npos)
      << line;
  EXPECT_EQ(line.find("sysrq=allowed"), std::string::npos) << line;
  // Ours to write by owner and mode: only Landlock says no.
  EXPECT_NE(line.find("comm=EACCES"), std::string::npos) << line;
}

TEST(Walls, InitCannotBeReadTracedOrKilled) {
  Bench bench;
  std::string line = bench.Do({"init"}).log;
  EXPECT_EQ(line.rfind("environ=EACCES cmdline=[", 0), 0u) << line;
  std::size_t begin = line.find('[') + 1;
  EXPECT_EQ(line.substr(begin, line.find(']') - begin).find_first_not_of(' '), std::string::npos)
      << line;
  EXPECT_NE(line.find("] mem=EACCES root=EACCES fd="), std::string::npos) << line;
  EXPECT_NE(line.find(" exe=EACCES ptrace=EPERM vm=EPERM alive=yes"), std::string::npos) << line;
  // Mapped to the host's root, as never outside of this test, init's /proc belongs to the command.
  bool is_host_root = TestMode() == Mode::kPlain && geteuid() == 0;
  EXPECT_TRUE(is_host_root || line.find(" fd=EACCES ") != std::string::npos) << line;
}

TEST(Walls, OtherSystemCallEntriesKill) {
  Bench bench;
  std::string line = bench.Do({"other_entries"}).log;
  // A kernel without IA32 emulation answers int 0x80 with SIGSEGV itself.
  EXPECT_TRUE(line == "SIGSYS SIGSYS" || line == "SIGSEGV SIGSYS") << line;
}

TEST(Walls, HostFilesAreNowhere) {
  Bench bench;
  std::filesystem::path secret = bench.NewFile("secret", "the host's", 0644);
  EXPECT_EQ(bench.Do({"cat", secret}).log, "ENOENT");
}

TEST(Walls, LeakedDescriptorIsClosed) {
  Bench bench;
  std::filesystem::path secret = bench.NewFile("secret", "the host's", 0644);
  int fd = open(secret.c_str(), O_RDONLY);
  ASSERT_EQ(dup2(fd, 9), 9);
  EXPECT_EQ(bench.Do({"descriptors"}).log, "0 1 2");
  close(9);
  close(fd);
}

TEST(Walls, HostEnvironmentDoesNotComeIn) {
  Bench bench;
  setenv("HOST_SECRET", "x", 1);
  EXPECT_EQ(bench.Do({"environment"}, {"--env", "A=b"}).log, "[A=b;]");
}

TEST(Walls, HostLoopbackIsAnother) {
  Bench bench;
  int server = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(server, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(server, 1), 0);
  ASSERT_EQ(getsockname(server, reinterpret_cast<sockaddr*>(&address), &size), 0);
  std::string port = std::to_string(ntohs(address.sin_port));
  EXPECT_EQ(bench.Do({"connect", port}).log, "EACCES");
  // With a loopback of its own and no Landlock rule for TCP, the network namespace alone stands.
  EXPECT_EQ(bench.Do({"connect", port}, {"--loopback"}).log, "ECONNREFUSED");
  EXPECT_EQ(bench.Do({"udp", port}).log, "ENETUNREACH");
  EXPECT_EQ(bench.Do({"udp", port}, {"--loopback"}).log, "allowed");
  close(server);
}

TEST(Walls, HostAbstractSocketIsAnother) {
  Bench bench;
  int server = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::string name = "sandbox-test-" + std::to_string(getpid());
  name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
  socklen_t size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(bind(server, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(server, 1), 0);
  EXPECT_EQ(bench.Do({"abstract", name}).log, "ECONNREFUSED");
  close(server);
}

TEST(Walls, SetuidProgramOfTheRootGivesNothing) {
  Bench bench;
  ASSERT_EQ(chmod((bench.root() / "bin/hostile").c_str(), 04755), 0);
  Ran ran = bench.Do({"status"});
  EXPECT_EQ(ran.log.rfind("Uid: 1000 1000 1000 1000;", 0), 0u) << ran.log << ran.diagnostics;
}

TEST(Walls, BindIsReadOnly) {
  Bench bench;
  std::filesystem::path host = bench.NewDirectory("host", 0777);
  std::ofstream(host / "file") << "host";
  std::vector<std::string> bind = {"--bind-ro", host, "/build/bound"};
  EXPECT_EQ(bench.Do({"cat", "/build/bound/file"}, bind).log, "host");
  EXPECT_EQ(bench.Do({"create", "/build/bound/new"}, bind).log, "EROFS");
}

TEST(Walls, InputIsACopy) {
  Bench bench;
  std::filesystem::path host = bench.NewFile("input", "original");
  std::vector<std::string> input = {"--input", host, "/build/a/b/input", "600", "1700000000"};
  EXPECT_EQ(bench.Do({"write", "/build/a/b/input", "changed"}, input).log, "allowed");
  EXPECT_EQ(ReadFile(host), "original");
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

TEST(Walls, AKilledCommandHasSaidWhatConfinedIt) {
  Bench bench;
  Ran ran = bench.Do({"sleep", "100"}, {"--wall-seconds", "2"});
  EXPECT_EQ(ran.Ended(), "limit") << ran.diagnostics;
  EXPECT_EQ(ran.result["isolation"]["seccomp"], "allow-list");
  EXPECT_GE(ran.result["isolation"]["landlock_abi"], 2);
}

}  // namespace
}  // namespace attacks
