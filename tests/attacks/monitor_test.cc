// The root monitor, images, ranges of ids, and what is left behind: nothing. Needs root.
#include "sandbox/monitor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <set>

#include "sandbox/channel.h"
#include "sandbox/image.h"
#include "sandbox/monitor_client.h"
#include "sandbox/packet.h"
#include "tests/attacks/harness.h"

namespace attacks {
namespace {

namespace fs = std::filesystem;

int Shell(const std::string& script) { return std::system(script.c_str()); }

// The sandboxes' cgroups on this machine that nothing lives in: other sandboxes may be running.
std::set<std::string> EmptyCgroups() {
  std::set<std::string> found;
  std::error_code ignored;  // others come and go
  fs::recursive_directory_iterator entries("/sys/fs/cgroup", ignored);
  for (; entries != fs::recursive_directory_iterator(); entries.increment(ignored)) {
    const fs::path path = entries->path();
    if (path.parent_path().filename() == "farm-sandbox" && entries->is_directory(ignored) &&
        ReadFile(path / "cgroup.procs").empty()) {
      found.insert(path);
    }
  }
  return found;
}

// What stands there already, from a run that was killed with all that served it.
const std::set<std::string> kBefore = EmptyCgroups();

// Those of this test.
std::string LeftCgroups() {
  std::string left;
  for (const std::string& path : EmptyCgroups()) {
    if (!kBefore.contains(path)) left += path + " ";
  }
  return left;
}

bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 200; ++i) {
    if (condition()) return true;
    usleep(50000);
  }
  return condition();
}

bool HasProcess(const std::string& name) {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    if (ReadFile(entry.path() / "comm") == name + "\n") return true;
  }
  return false;
}

fs::path MakeImage(Bench* bench) {
  fs::path image = bench->NewFile("root.erofs", "");
  std::string command = "mkfs.erofs -d0 --all-root -T0 " + image.string() + " " +
                        bench->root().string() + " >/dev/null";
  EXPECT_EQ(Shell(command), 0);
  return image;
}

TEST(Image, IsTheRootWithItsOwners) {
  Bench bench;
  fs::permissions(bench.root() / "etc/passwd", fs::perms(0640));
  fs::path image = MakeImage(&bench);
  Ran ran = bench.Run({"--root-image", image, "--uid", "0", "--gid", "0", "--require-kernel-limits",
                       "--", "/bin/hostile", "cat", "/etc/passwd"});
  // 0640 and owned by 0: only a root whose owners are mapped lets uid 0 read it.
  EXPECT_EQ(ran.log, "inside\n") << ran.diagnostics;
  EXPECT_EQ(ran.result["isolation"]["root_backend"], "image");
  Ran other = bench.Run({"--root-image", image, "--", "/bin/hostile", "cat", "/etc/passwd"});
  EXPECT_EQ(other.log, "EACCES") << other.diagnostics;
  Ran write = bench.Run({"--root-image", image, "--", "/bin/hostile", "create", "/etc/new"});
  EXPECT_EQ(write.log, "EROFS") << write.diagnostics;
}

TEST(Image, LoopDeviceServesOlderKernels) {
  Bench bench;
  fs::path path = MakeImage(&bench);
  int image = open(path.c_str(), O_RDONLY);
  // A user namespace with a map, to see the owners through.
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  pid_t child = fork();
  if (child == 0) {
    char c = unshare(CLONE_NEWUSER) == 0 ? 'y' : 'n';
    static_cast<void>(!write(ready[1], &c, 1));
    pause();
    _exit(0);
  }
  char c = 'n';
  ASSERT_EQ(read(ready[0], &c, 1), 1);
  ASSERT_EQ(c, 'y');
  std::string proc = "/proc/" + std::to_string(child);
  std::ofstream(proc + "/gid_map") << "0 1234560000 65536";
  std::ofstream(proc + "/uid_map") << "0 1234560000 65536";
  int space = open((proc + "/ns/user").c_str(), O_RDONLY);
  for (sandbox::ImageBacking backing :
       {sandbox::ImageBacking::kLoop, sandbox::ImageBacking::kFileElseLoop}) {
    sandbox::Result<sandbox::UniqueFd> mount = sandbox::MountImage(image, space, backing);
    ASSERT_TRUE(mount.ok()) << mount.message();
    struct stat status = {};
    ASSERT_EQ(fstatat(mount->get(), "etc/passwd", &status, 0), 0);
    EXPECT_EQ(status.st_uid, 1234560000u);
    EXPECT_EQ(openat(mount->get(), "etc/new", O_WRONLY | O_CREAT, 0644), -1);
    EXPECT_EQ(errno, EROFS);
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST(Image, GarbageIsRefused) {
  Bench bench;
  Ran ran = bench.Run({"--root-image", bench.NewFile("image", std::string(1 << 20, 'x')), "--",
                       "/bin/hostile", "cwd"});
  EXPECT_EQ(ran.exit_code, 30) << ran.diagnostics;
}

TEST(Image, ThatLacksAFolderToMountOnIsToldWhichOne) {
  Bench bench;
  fs::remove(bench.root() / "tmp");
  const std::string image = MakeImage(&bench);
  Ran ran = bench.Run({"--root-image", image, "--", "/bin/hostile", "cwd"});
  EXPECT_EQ(ran.exit_code, 30) << ran.diagnostics;
  const std::string message = ran.result.value("message", "");
  EXPECT_EQ(message.rfind("--root-image " + image + " has no folder /tmp:", 0), 0u) << message;
}

// A process of root that is not the monitor's user's.
class Victim {
 public:
  explicit Victim(std::uint64_t namespaces = 0) : pid_(sandbox::Clone(namespaces, nullptr)) {
    if (pid_ == 0) {
      pause();
      _exit(0);
    }
    pidfd_ = sandbox::UniqueFd(sandbox::PidfdOpen(pid_));
  }
  ~Victim() { Kill(); }
  Victim(const Victim&) = delete;
  void Kill() {
    if (pid_ > 0) kill(pid_, SIGKILL);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  sandbox::Subject subject() const { return {pid_, pidfd_.get()}; }
  int UserNamespace() {
    std::string path = "/proc/" + std::to_string(pid_) + "/ns/user";
    space_ = sandbox::UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return space_.get();
  }

 private:
  pid_t pid_;
  sandbox::UniqueFd pidfd_;
  sandbox::UniqueFd space_;
};

sandbox::MonitorConfig ConfigFor(uid_t uid, gid_t gid = 0) {
  sandbox::MonitorConfig config;
  config.uid = uid;
  config.gid = gid;
  config.subids = {1234560000, 65536};
  config.groups = sandbox::OpenCgroupTree(sandbox::kCgroupName);
  return config;
}

TEST(Monitor, MapsOnlyItsUsersProcesses) {
  Victim victim;
  int pidfd = victim.subject().pidfd;
  sandbox::Status foreign = sandbox::MapIdsOf(pidfd, ConfigFor(54321));
  ASSERT_FALSE(foreign.ok());
  EXPECT_NE(foreign.message().find("another user"), std::string::npos) << foreign.message();
  // Its own user, but in the host's user namespace: there is a map already.
  EXPECT_FALSE(sandbox::MapIdsOf(pidfd, ConfigFor(0)).ok());
  victim.Kill();
  EXPECT_FALSE(sandbox::MapIdsOf(pidfd, ConfigFor(0)).ok());
  EXPECT_FALSE(sandbox::MapIdsOf(0, ConfigFor(0)).ok());
}

// A session with a process that serves `config`'s user; the test keeps the launcher's end.
class Served {
 public:
  // pidfds: the launcher, who has made the socket, asks the kernel to add one to each packet
  // (SO_PASSPIDFD).
  explicit Served(const sandbox::MonitorConfig& config, bool pidfds = false) {
    sandbox::Result<sandbox::ChannelPair> pair = sandbox::MakeChannel();
    int on = pidfds ? 1 : 0;
    setsockopt(pair->second.get(), SOL_SOCKET, 76, &on, sizeof on);
    pid_ = fork();
    if (pid_ == 0) {
      pair->first.reset();
      sandbox::ServeSession(pair->second.get(), -1, config);
      _exit(0);
    }
    session = std::move(pair->first);
  }
  ~Served() {
    session.reset();
    EXPECT_EQ(waitpid(pid_, nullptr, 0), pid_);
  }
  Served(const Served&) = delete;

  // Whether the monitor still serves it after this request, and how it answered.
  bool Ask(sandbox::MonitorRequest request, const std::vector<int>& fds,
           sandbox::MonitorReply* reply) {
    request.magic = sandbox::kMonitorMagic;
    if (!sandbox::SendPacket(session.get(), {{&request, sizeof request}}, fds, 0).ok())
      return false;
    sandbox::Result<sandbox::Packet> packet =
        sandbox::ReceivePacket(session.get(), {{reply, sizeof *reply}}, 0);
    return packet.ok() && packet->bytes == sizeof *reply;
  }
  // What the monitor's process holds beside 0, 1 and 2.
  std::size_t Descriptors() const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid_) + "/fd")) {
      count += entry.path().empty() ? 0 : 1;
    }
    return count;
  }
  sandbox::UniqueFd session;

 private:
  pid_t pid_;
};

std::string Refusal(Served* served, const sandbox::MonitorRequest& request,
                    const std::vector<int>& fds) {
  sandbox::MonitorReply reply = {};
  if (!served->Ask(request, fds, &reply)) return "the session is over";
  return reply.failed != 0 ? reply.text : "";
}

sandbox::MonitorRequest Request(sandbox::RequestKind kind) { return {0, kind, 0, 0}; }

TEST(Monitor, PutsOnlyItsUsersProcessesIntoCgroups) {
  Served served(ConfigFor(54321));
  std::unique_ptr<sandbox::Authority> session =
      sandbox::AskMonitor(sandbox::UniqueFd(dup(served.session.get())));
  Victim victim;
  std::string why;
  EXPECT_EQ(*session->MakeCgroup(victim.subject(), {1 << 20, 10}, &why), 0);
  EXPECT_NE(why.find("another user"), std::string::npos) << why;
  std::string groups = "/proc/" + std::to_string(victim.subject().pid) + "/cgroup";
  EXPECT_EQ(ReadFile(groups).find("farm-sandbox"), std::string::npos);
  victim.Kill();
  EXPECT_EQ(*session->MakeCgroup(victim.subject(), {1 << 20, 10}, &why), 0);
  EXPECT_EQ(ReadFile("/proc/1/cgroup").find("farm-sandbox"), std::string::npos);
}

TEST(Monitor, ALimitThatIsNoneIsRefused) {
  Served served(ConfigFor(0));
  Victim victim;
  sandbox::MonitorRequest request = Request(sandbox::RequestKind::kMakeCgroup);
  for (std::uint64_t value : {~std::uint64_t{0}, std::uint64_t{1} << 63}) {
    request.memory_bytes = value;
    EXPECT_NE(Refusal(&served, request, {victim.subject().pidfd}), "");
    request.memory_bytes = 0;
    request.pids = value;
    EXPECT_NE(Refusal(&served, request, {victim.subject().pidfd}), "");
  }
}

TEST(Monitor, MakesOneCgroupForASessionAndEndsAllInIt) {
  Victim victim;
  {
    Served served(ConfigFor(0));
    sandbox::MonitorRequest request = Request(sandbox::RequestKind::kMakeCgroup);
    EXPECT_EQ(Refusal(&served, request, {victim.subject().pidfd}), "");
    EXPECT_EQ(Refusal(&served, request, {victim.subject().pidfd}), "no such request");
    EXPECT_EQ(kill(victim.subject().pid, 0), 0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(victim.subject().pid, &status, 0), victim.subject().pid);
  EXPECT_TRUE(WIFSIGNALED(status));
}

TEST(Monitor, AGroupForAChildToComeIsEmptyAndGoesWithTheSession) {
  Served served(ConfigFor(0));
  sandbox::MonitorRequest request = Request(sandbox::RequestKind::kMakeCgroup);
  sandbox::MonitorReply reply = {};
  ASSERT_TRUE(served.Ask(request, {}, &reply));
  EXPECT_EQ(reply.failed, 0) << reply.text;
  EXPECT_NE(LeftCgroups().find("farm-sandbox"), std::string::npos);
  EXPECT_EQ(Refusal(&served, request, {}), "no such request");
  served.session.reset();
  EXPECT_TRUE(Eventually([] { return LeftCgroups().empty(); })) << LeftCgroups();
}

// All that runs inside, and the process that makes the inside, as the host sees it.
TEST(Monitor, WhatRunsInsideIsInTheGroupOfEachController) {
  Bench bench;
  std::string name = "in_group_" + std::to_string(getpid() % 100000);
  Running running = bench.Start({"--root-dir", bench.root(), "--require-kernel-limits", "--",
                                 "/bin/hostile", "daemon_and_sleep", name});
  ASSERT_TRUE(Eventually([&] { return HasProcess(name); }));
  std::size_t members = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string command = ReadFile(entry.path() / "comm");
    const bool is_inside = command == name + "\n" || command == "hostile\n" || command == "init\n";
    const std::string groups = ReadFile(entry.path() / "cgroup");
    // The dead have left the groups of version 1.
    const bool is_dead = ReadFile(entry.path() / "stat").find(") Z ") != std::string::npos;
    if (!is_inside || is_dead || groups.find("farm-sandbox/") == std::string::npos) continue;
    ++members;
    for (const char* controller : {"0::", ":memory:", ":pids:"}) {
      std::size_t line = groups.find(controller);
      if (line == std::string::npos) continue;  // with version 2 all are in one group
      EXPECT_NE(groups.substr(line, groups.find('\n', line) - line).find("/farm-sandbox/"),
                std::string::npos)
          << command << groups;
    }
  }
  EXPECT_GE(members, 3u);  // init, the command and its daemon
  kill(running.pid, SIGTERM);
  bench.Wait(running);
}

// Root opens an image anew and could read what its giver cannot.
TEST(Monitor, MountsOnlyWhatItsUserCanRead) {
  Bench bench;
  fs::path path = MakeImage(&bench);
  Victim victim(CLONE_NEWUSER);
  ASSERT_TRUE(sandbox::MapIdsOf(victim.subject().pidfd, ConfigFor(0)).ok());
  int space = victim.UserNamespace();
  sandbox::MonitorRequest request = Request(sandbox::RequestKind::kMountImage);
  Served served(ConfigFor(0));
  for (int flags : {O_PATH, O_WRONLY}) {
    sandbox::UniqueFd image(open(path.c_str(), flags | O_CLOEXEC));
    EXPECT_NE(Refusal(&served, request, {image.get(), space}).find("open for reading"),
              std::string::npos);
  }
  sandbox::UniqueFd folder(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_NE(Refusal(&served, request, {folder.get(), space}), "");
  sandbox::UniqueFd image(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(Refusal(&served, request, {image.get(), space}), "");
  EXPECT_EQ(Refusal(&served, request, {image.get(), space}), "no such request");  // one is enough
}

TEST(Monitor, MapsAnImageThroughItsUsersNamespacesOnly) {
  Bench bench;
  sandbox::UniqueFd image(open(MakeImage(&bench).c_str(), O_RDONLY | O_CLOEXEC));
  Victim victim(CLONE_NEWUSER);
  sandbox::MonitorRequest request = Request(sandbox::RequestKind::kMountImage);
  Served another(ConfigFor(54321));
  sandbox::UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  sandbox::UniqueFd net(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  for (int space : {victim.UserNamespace(), null.get(), net.get(), image.get()}) {
    EXPECT_NE(Refusal(&another, request, {image.get(), space}).find("not a user namespace"),
              std::string::npos);
  }
  // The host's own, which is root's: the kernel refuses it.
  Served served(ConfigFor(0));
  sandbox::UniqueFd host(open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC));
  EXPECT_NE(Refusal(&served, request, {image.get(), host.get()}), "");
}

TEST(Monitor, APacketThatIsNoRequestEndsTheSession) {
  sandbox::UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  const std::vector<int> many(4, null.get());
  struct Row {
    std::size_t bytes;
    std::vector<int> fds;
  };
  for (const Row& row : {Row{0, {}}, Row{1, {}}, Row{sizeof(sandbox::MonitorRequest) - 1, {}},
                         Row{sizeof(sandbox::MonitorRequest), {}},
                         Row{sizeof(sandbox::MonitorRequest) + 1, many}, Row{100000, many}}) {
    Served served(ConfigFor(0));
    std::string bytes(row.bytes, 'x');
    ASSERT_TRUE(
        sandbox::SendPacket(served.session.get(), {{bytes.data(), bytes.size()}}, row.fds, 0).ok());
    sandbox::MonitorReply reply = {};
    EXPECT_FALSE(served.Ask(Request(sandbox::RequestKind::kMapIds), {}, &reply)) << row.bytes;
  }
}

TEST(Monitor, WrongDescriptorsAreRefusedAndNoneIsKept) {
  Served served(ConfigFor(0), true);
  sandbox::UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  std::size_t before = 0;
  for (int round = 0; round < 3; ++round) {
    for (unsigned kind = 0; kind < 8; ++kind) {
      for (std::size_t count = 0; count <= 3; ++count) {
        std::vector<int> fds(count, null.get());
        EXPECT_NE(Refusal(&served, Request(static_cast<sandbox::RequestKind>(kind)), fds), "");
      }
    }
    if (round == 0) before = served.Descriptors();
  }
  EXPECT_EQ(served.Descriptors(), before);
}

TEST(Monitor, AnswersOnItsUsersSocketPairsOnly) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  EXPECT_TRUE(sandbox::VerifySessionSocket(pair[0], 0).ok());
  EXPECT_FALSE(sandbox::VerifySessionSocket(pair[0], 54321).ok());
  int datagram[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, datagram), 0);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
  for (int fd : {datagram[0], null, netlink}) {
    EXPECT_FALSE(sandbox::VerifySessionSocket(fd, 0).ok());
  }
  for (int fd : {pair[0], pair[1], datagram[0], datagram[1], null, netlink}) close(fd);
}

// A monitor whose command sleeps; the test has taken the command's socket.
class Monitored {
 public:
  Monitored() : monitor_(fork()) {
    if (monitor_ == 0) _exit(sandbox::RunMonitor(ConfigFor(kUser, kUser), {"sleep", "30"}));
    std::string children =
        "/proc/" + std::to_string(monitor_) + "/task/" + std::to_string(monitor_) + "/children";
    auto runs = [&] {
      command_ = std::atoi(ReadFile(children).c_str());
      return ReadFile("/proc/" + std::to_string(command_) + "/comm") == "sleep\n";
    };
    EXPECT_TRUE(Eventually(runs));
    std::string environment = ReadFile("/proc/" + std::to_string(command_) + "/environ");
    std::string name = std::string(sandbox::kMonitorVariable) + "=";
    int theirs = std::atoi(environment.c_str() + environment.find(name) + name.size());
    sandbox::UniqueFd pidfd(sandbox::PidfdOpen(command_));
    door_ = sandbox::UniqueFd(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd.get(), theirs, 0)));
    EXPECT_TRUE(door_.valid());
  }
  ~Monitored() { KillMonitor(); }
  Monitored(const Monitored&) = delete;

  void KillMonitor() {
    if (monitor_ > 0) kill(monitor_, SIGKILL);
    if (monitor_ > 0) waitpid(monitor_, nullptr, 0);
    monitor_ = -1;
  }
  // A session as its user opens it.
  std::unique_ptr<sandbox::Authority> Open() {
    EXPECT_EQ(seteuid(kUser), 0);
    auto session = sandbox::OpenMonitorSession(door_.get());
    EXPECT_EQ(seteuid(0), 0);
    return std::move(*session);
  }
  static std::string Ask(sandbox::Authority& session) {
    return session.MapIds({1, STDIN_FILENO}).message();
  }
  pid_t monitor() const { return monitor_; }
  pid_t command() const { return command_; }
  int door() const { return door_.get(); }

 private:
  static constexpr uid_t kUser = 54321;
  pid_t monitor_;
  pid_t command_ = -1;
  sandbox::UniqueFd door_;
};

constexpr const char* kServed = "the monitor: the process is gone";

TEST(Door, StaysOpenWhateverComes) {
  Monitored monitored;
  ASSERT_EQ(Monitored::Ask(*monitored.Open()).rfind(kServed, 0), 0u);
  sandbox::MonitorRequest request = {sandbox::kMonitorMagic, sandbox::RequestKind::kOpenSession, 0,
                                     0};
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  std::string junk(5000, 'x');
  struct Row {
    void* bytes;
    std::size_t size;
    std::vector<int> fds;
  };
  for (const Row& row :
       {Row{&request, 0, {}}, Row{&request, sizeof request, {}},
        Row{&request, sizeof request, {null}}, Row{&request, sizeof request, {null, null, null}},
        Row{&request, sizeof request - 1, {null}}, Row{junk.data(), junk.size(), {null}}}) {
    ASSERT_TRUE(sandbox::SendPacket(monitored.door(), {{row.bytes, row.size}}, row.fds, 0).ok());
    EXPECT_EQ(Monitored::Ask(*monitored.Open()).rfind(kServed, 0), 0u) << row.size;
  }
  close(null);
  // The main process has nothing of all that.
  std::size_t count = 0;
  for (const auto& entry :
       fs::directory_iterator("/proc/" + std::to_string(monitored.monitor()) + "/fd")) {
    std::error_code ignored;
    count += fs::read_symlink(entry, ignored) == "/dev/null" ? 1 : 0;
  }
  EXPECT_LE(count, 3u);
}

TEST(Door, OpensForItsUserOnly) {
  Monitored monitored;
  auto session = sandbox::OpenMonitorSession(monitored.door());  // as root
  EXPECT_EQ(Monitored::Ask(**session).rfind(kServed, 0), std::string::npos);
}

TEST(Door, SessionsEndWithAMonitorThatIsKilled) {
  Monitored monitored;
  std::unique_ptr<sandbox::Authority> session = monitored.Open();
  ASSERT_EQ(Monitored::Ask(*session).rfind(kServed, 0), 0u);
  monitored.KillMonitor();
  EXPECT_TRUE(Eventually([&] { return Monitored::Ask(*session).rfind(kServed, 0) != 0; }));
}

TEST(Door, CommandHasNotTheTerminalOfRoot) {
  Monitored monitored;
  EXPECT_EQ(getsid(monitored.command()), monitored.command());
}

TEST(Monitor, CheckRunsAsNobodyOfTheHost) {
  Bench bench;
  // Of its user namespace it is root; of the host it is the beginning of the range.
  Ran ran = bench.Run({"--root-dir", bench.root(), "--check-word", "/bin/sh", "--check-word", "-c",
                       "--check-word", "id -u; cat /proc/self/uid_map; cat /etc/shadow 2>&1",
                       "--check-dir", "/build"});
  std::string output = ran.result.value("check_output", "");
  EXPECT_EQ(output.rfind("0\n", 0), 0u) << ran.diagnostics;
  EXPECT_NE(output.find(" 1234560000 "), std::string::npos) << output;
  EXPECT_NE(output.find("Permission denied"), std::string::npos) << output;
}

TEST(LeftBehind, NoCgroupAfterARun) {
  Bench bench;
  EXPECT_EQ(bench.Do({"cwd"}).exit_code, 0);
  // Root's launcher waits for it; who serves others does not.
  if (TestMode() == Mode::kRoot) {
    EXPECT_EQ(LeftCgroups(), "");
  }
  EXPECT_TRUE(Eventually([] { return LeftCgroups().empty(); })) << LeftCgroups();
}

TEST(LeftBehind, NothingWhenTheWholeLineIsKilled) {
  Bench bench;
  std::string name = "m" + std::to_string(getpid());
  Running running =
      bench.Start({"--root-dir", bench.root(), "--", "/bin/hostile", "daemon_and_sleep", name});
  ASSERT_TRUE(Eventually([&] { return HasProcess(name); }));
  kill(running.pid, SIGKILL);  // the launcher, or the monitor above it
  bench.Wait(running);
  EXPECT_TRUE(Eventually([&] { return !HasProcess(name); }));
  if (TestMode() == Mode::kRoot) {
    EXPECT_TRUE(Eventually([] { return LeftCgroups().empty(); })) << LeftCgroups();
  }
  // Who serves a session removes its groups, also when the monitor above it was killed.
  EXPECT_EQ(bench.Do({"cwd"}).exit_code, 0);
  EXPECT_TRUE(Eventually([] { return LeftCgroups().empty(); })) << LeftCgroups();
}

// When all that serves a session was killed at once, nobody has removed its group.
TEST(LeftBehind, AGroupGoesWithTheNextProcessOfItsNumber) {
  sandbox::CgroupTree tree = sandbox::OpenCgroupTree(sandbox::kCgroupName);
  ASSERT_NE(tree.version, 0) << tree.why;
  ASSERT_TRUE(sandbox::Cgroup::Make(tree, {}).ok());
  EXPECT_NE(LeftCgroups(), "");
  sandbox::Result<sandbox::Cgroup> next = sandbox::Cgroup::Make(tree, {});
  ASSERT_TRUE(next.ok()) << next.message();
  EXPECT_TRUE(next->End());
  EXPECT_EQ(LeftCgroups(), "");
}

TEST(Remove, TakesATreeOfMappedOwners) {
  Bench bench;
  fs::path work = bench.NewDirectory("work", 0777);
  Ran ran = bench.Do({"outputs", "plain"}, {"--work", work});
  ASSERT_EQ(ran.exit_code, 0) << ran.diagnostics;
  ASSERT_EQ(bench.Do({"mode0", "/build/out"}, {"--work", work}).exit_code, 0);
  EXPECT_EQ(bench.Program({"remove", work}).exit_code, 0);
  EXPECT_FALSE(fs::exists(work));
}

TEST(Assembly, HasMappedRootAndToolsOnly) {
  Bench bench;
  fs::path secret = bench.NewFile("secret", "x");
  std::vector<std::string> words = {
      "--profile", "assembly", "--uid", "0",
      "--gid",     "0",        "--env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
      "--",        "/bin/sh",  "-c"};
  auto run = [&](const std::string& script) {
    std::vector<std::string> all = words;
    all.push_back(script);
    return bench.Run(all);
  };
  Ran id = run("id -u; test -e /home && echo home; test -e /etc/shadow && echo shadow; test -e " +
               secret.string() +
               " && echo secret; touch /usr/x 2>/dev/null && echo usr; touch /x "
               "2>/dev/null && echo root; true");
  EXPECT_EQ(id.log, "0") << id.diagnostics;
  // What mmdebstrap does: other owners, mounts, a /proc of the namespace in a chroot.
  Ran work =
      run("set -e; mkdir -p r/proc; chown 42:42 r; stat -c %u r; mount -t proc proc r/proc; "
          "test -e r/proc/1; umount r/proc; mount --bind /usr r/proc; echo ok");
  EXPECT_EQ(work.log, "42\nok") << work.diagnostics;
  // What nobody needs.
  Ran doors =
      run("unshare -U true 2>/dev/null && echo users; mknod d c 1 3 2>/dev/null && echo "
          "device; echo x > /proc/sys/kernel/core_pattern; true");
  EXPECT_EQ(doors.log.find("users"), std::string::npos) << doors.log;
  EXPECT_EQ(doors.log.find("device"), std::string::npos) << doors.log;
  EXPECT_NE(doors.log.find("core_pattern: Permission denied"), std::string::npos) << doors.log;
  EXPECT_EQ(doors.result["isolation"]["seccomp"], "allow-list");
}

// An ordinary user whom /etc/subuid gives a range, by newuidmap.
TEST(Rootless, TakesTheUsersRange) {
  Bench bench;
  std::string here = bench.directory();
  // Everything that the user needs to see, in a mount namespace of this test only.
  std::ofstream(here + "/passwd") << "root:x:0:0::/:/bin/sh\nfarmtest:x:54322:54322::/:/bin/sh\n";
  std::ofstream(here + "/subuid") << "farmtest:1300000000:65536\n";
  std::ofstream(here + "/run.sh")
      << "set -e\nmount --bind " + here + "/passwd /etc/passwd\nmount --bind " + here +
             "/subuid /etc/subuid\nmount --bind " + here + "/subuid /etc/subgid\nchmod 755 " +
             here + "\nexec setpriv --reuid 54322 --regid 54322 --clear-groups " + here +
             "/launcher run --root-dir " + here + "/root -- /bin/hostile become\n";
  ASSERT_EQ(Shell("unshare --mount sh " + here + "/run.sh >" + here + "/log 2>" + here + "/err"), 0)
      << ReadFile(here + "/err");
  EXPECT_EQ(ReadFile(here + "/log"), "EPERM EPERM EPERM EPERM EPERM\n");
  EXPECT_NE(ReadFile(here + "/err").find("\"uid_map\":\"range\""), std::string::npos);
}

// What README.md says not to be guaranteed where one id is mapped.
TEST(Rootless, TheCallersGroupsStay) {
  Bench bench;
  std::string here = bench.directory();
  std::ofstream(here + "/shared") << "of the group";
  ASSERT_EQ(chown((here + "/shared").c_str(), 0, 54399), 0);
  ASSERT_EQ(chmod((here + "/shared").c_str(), 0640), 0);
  auto read = [&](const std::string& groups) {
    EXPECT_EQ(Shell("chmod 755 " + here + " && setpriv --reuid 54323 --regid 54323 " + groups +
                    " " + here + "/launcher run --root-dir " + here + "/root --bind-ro " + here +
                    "/shared /build/shared -- /bin/hostile cat /build/shared >" + here + "/log 2>" +
                    here + "/err"),
              0)
        << ReadFile(here + "/err");
    return ReadFile(here + "/log");
  };
  EXPECT_EQ(read("--groups 54399"), "of the group\n");
  EXPECT_EQ(read("--clear-groups"), "EACCES\n");
}

}  // namespace
}  // namespace attacks
