// Each protection is what stops an attack: with everything in its place the attack fails; with this
// layer left out (and those that stand behind it) it goes through; with those behind it left out
// alone, this layer stops it still. Where the launcher looks at its walls, it refuses a run with
// the layer missing.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "sandbox/authority.h"
#include "sandbox/holes.h"
#include "sandbox/monitor.h"
#include "tests/attacks/harness.h"

namespace attacks {
namespace {

namespace fs = std::filesystem;
using sandbox::Layer;
using Words = std::vector<std::string>;

constexpr int kMemoryKey = 47110815;
constexpr std::uint32_t kRangeBase = 1234560000;  // the harness's

// A set of layers.
constexpr std::uint64_t Bit(Layer layer) {
  return std::uint64_t{1} << static_cast<unsigned>(layer);
}
template <class... Layers>
constexpr std::uint64_t Set(Layers... layers) {
  return (Bit(layers) | ... | 0);
}
static_assert(sandbox::kLayers <= 64);

// In which modes an attack says something.
enum class Where { kAnywhere, kRange, kSingle, kRootless, kRoot, kTestIsRoot };

struct Row {
  Layer layer;
  Where where;
  std::uint64_t behind;  // what stands behind the layer
  const char* noticed;   // in the launcher's message with the layer alone missing; else nullptr
  // Whether the attack goes through with `missing` left out.
  bool (*attack)(std::uint64_t missing);
};

// A bench whose launcher leaves `missing` out.
class Yard : public Bench {
 public:
  explicit Yard(std::uint64_t missing) {
    // In Bazel's own sandbox, started by root, there is no other id to give away.
    if (TestMode() == Mode::kPlain && geteuid() == 0) {
      missing |= Set(Layer::kHostRootRefused, Layer::kVerifyIdMap);
    }
    Words words;
    for (std::size_t i = 0; i < sandbox::kLayers; ++i) {
      if ((missing >> i & 1) == 0) continue;
      words.insert(words.end(),
                   {std::string(sandbox::kLeaveOutOption), std::string(sandbox::kLayerNames[i])});
    }
    SetLeadingWords(words);
  }
};

std::string Log(std::uint64_t missing, const Words& deed, const Words& options = {}) {
  return Yard(missing).Do(deed, options).log;
}

bool Allowed(std::uint64_t missing, const Words& deed, const Words& options = {}) {
  return Log(missing, deed, options) == "allowed";
}

bool IsNumberAbove(const std::string& text, long bound) {
  return !text.empty() && std::strtol(text.c_str(), nullptr, 10) > bound;
}

// Whether the command was in the test's own namespace of this kind.
bool IsInHosts(std::uint64_t missing, const std::string& kind) {
  return Log(missing, {"namespace", kind}) == fs::read_symlink("/proc/self/ns/" + kind).string();
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool SeesWhereItsRootLies(std::uint64_t missing) {
  Yard yard(missing);
  std::string mounts = yard.Do({"read", "/proc/self/mountinfo"}).log;
  return Contains(mounts, yard.root().parent_path().filename().string());
}

// Its own id, which the map of its user namespace leads to.
bool SeesTheCallersId(std::uint64_t missing) {
  std::istringstream map(Log(missing, {"read", "/proc/self/uid_map"}, {"--uid", "4321"}));
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  return map >> inside >> outside && inside == 4321 && outside != inside;
}

// The rest of a line of /proc/<process>/status.
std::string StatusLine(std::uint64_t missing, const std::string& process, const std::string& key) {
  std::string text = Log(missing, {"read", "/proc/" + process + "/status"});
  std::size_t begin = text.find("\n" + key + ":\t");
  if (begin == std::string::npos) return "";
  begin += key.size() + 3;
  return text.substr(begin, text.find('\n', begin) - begin);
}

bool HasCapabilities(std::uint64_t missing, const std::string& process, const std::string& key) {
  std::string line = StatusLine(missing, process, key);
  return !line.empty() && line.find_first_not_of('0') != std::string::npos;
}

bool IsAlive(const std::string& name) {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    if (ReadFile(entry.path() / "comm") == name + "\n") return true;
  }
  return false;
}

// Whether the sleeper goes on for `milliseconds`; afterwards it is gone.
bool LivesOn(const std::string& name, int milliseconds) {
  usleep(static_cast<useconds_t>(milliseconds) * 1000);
  bool alive = IsAlive(name);
  for (int i = 0; i < 200 && IsAlive(name); ++i) usleep(50000);
  return alive;
}

bool OutlivesItsLimit(std::uint64_t missing) {
  std::string name = "w" + std::to_string(getpid());
  Yard yard(missing);
  Ran ran = yard.Do({"sleep", "4", name}, {"--wall-seconds", "1"});
  return LivesOn(name, 1000);
}

bool OutlivesItsLauncher(std::uint64_t missing) {
  std::string name = "l" + std::to_string(getpid());
  Yard yard(missing);
  Running running =
      yard.Start({"--root-dir", yard.root(), "--", "/bin/hostile", "sleep", "4", name});
  for (int i = 0; i < 200 && !IsAlive(name); ++i) usleep(20000);
  kill(running.pid, SIGKILL);
  yard.Wait(running);
  return LivesOn(name, 1000);
}

bool SeesTheHostsMemory(std::uint64_t missing) {
  int id = shmget(kMemoryKey, 4096, IPC_CREAT | 0666);
  bool allowed = Allowed(missing, {"find_memory", std::to_string(kMemoryKey)});
  shmctl(id, IPC_RMID, nullptr);
  return allowed;
}

bool MainSeesMemoryOfPrepare(std::uint64_t missing) {
  std::string key = std::to_string(kMemoryKey + 1);
  Words prepare = {"--prepare-word", "/bin/hostile",   "--prepare-word",
                   "make_memory",    "--prepare-word", key};
  return Log(missing, {"find_memory", key}, prepare) == "allowed\nallowed";
}

bool SuidProgramIsRootInside(std::uint64_t missing) {
  Yard yard(missing);
  fs::path program = yard.root() / "bin/hostile";
  if (chown(program.c_str(), kRangeBase, kRangeBase) != 0 || chmod(program.c_str(), 04755) != 0) {
    std::abort();
  }
  return yard.Do({"ids"}).log == "1000 0";
}

bool OpensADeviceOfTheRoot(std::uint64_t missing) {
  Yard yard(missing);
  fs::path node = yard.root() / "bin/node";
  if (mknod(node.c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0 || chmod(node.c_str(), 0666) != 0) {
    std::abort();
  }
  return yard.Do({"open", "/bin/node"}).log == "allowed";
}

bool WritesToABind(std::uint64_t missing) {
  Yard yard(missing);
  fs::path host = yard.NewDirectory("host", 0777);
  return yard.Do({"create", "/build/bound/new"}, {"--bind-ro", host, "/build/bound"}).log ==
         "allowed";
}

bool GetsALeakedDescriptor(std::uint64_t missing) {
  int fd = open("/dev/null", O_RDONLY);
  dup2(fd, 9);
  bool leaked = Contains(Log(missing, {"descriptors"}), " 9 ");
  close(9);
  close(fd);
  return leaked;
}

bool SeesTheHostsEnvironment(std::uint64_t missing) {
  setenv("HOST_SECRET", "x", 1);
  return Contains(Log(missing, {"environment"}), "HOST_SECRET=x;");
}

bool SeesMoreDevices(std::uint64_t missing) {
  std::string line = Log(missing, {"list", "/dev"});
  return Contains(line, "null ") && std::count(line.begin(), line.end(), ' ') > 14;
}

bool FillsAFolderOfTheHost(std::uint64_t missing) {
  Yard yard(missing);
  fs::path work = yard.NewDirectory("work", 0777);
  Ran ran =
      yard.Do({"write", "/build/file", "2000000"}, {"--work", work, "--disk-bytes", "1000000"});
  return ran.exit_code == 0 && ran.log == "allowed";
}

// Runs `output KIND` and collects `path`. Whether it is there in the end.
bool TakesOut(std::uint64_t missing, const std::string& kind, const std::string& path) {
  Yard yard(missing);
  fs::path out = yard.NewDirectory("out");
  Ran ran = yard.Do({"output", kind}, {"--output", "/build/out", "--output-dir", out});
  return ran.exit_code == 0 && fs::exists(fs::symlink_status(out / path));
}

bool TakesOutAFileOfTheRoot(std::uint64_t missing) {
  Yard yard(missing);
  fs::path out = yard.NewDirectory("out");
  Ran ran = yard.Do({"output", "parent"}, {"--output", "/build/out/passwd", "--output-dir", out});
  return ReadFile(out / "out/passwd") == "inside\n";
}

bool TakesOutASuidFile(std::uint64_t missing) {
  Yard yard(missing);
  fs::path out = yard.NewDirectory("out");
  yard.Do({"output", "mode"}, {"--output", "/build/out/file", "--output-dir", out});
  struct stat status = {};
  return stat((out / "out/file").c_str(), &status) == 0 && (status.st_mode & 06000) != 0;
}

bool WritesOverAFileOfTheHost(std::uint64_t missing) {
  Yard yard(missing);
  fs::path out = yard.NewDirectory("out");
  yard.NewDirectory("out/out");
  fs::path mine = yard.NewFile("out/out/file", "mine");
  yard.Do({"output", "plain"}, {"--output", "/build/out/file", "--output-dir", out});
  return ReadFile(mine).empty();
}

std::string CheckOutput(Yard* yard, const std::string& program, const Words& more = {}) {
  Words words = {"--check-word", program, "--check-dir", "/build"};
  words.insert(words.end(), more.begin(), more.end());
  return yard->Do({"ids"}, words).result.value("check_output", "");
}

// What is bound read-only is made writable again; the folder lets everybody write.
bool ReopensABindInAssembly(std::uint64_t missing) {
  Yard yard(missing);
  fs::path bound = yard.NewDirectory("reopened", 0777);
  yard.Run({"--profile", "assembly", "--uid", "0", "--gid", "0", "--bind-ro", bound.string(),
            "/build/bound", "--env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "--", "/bin/sh", "-c",
            "mount -o remount,bind,rw /build/bound; echo x >/build/bound/file"});
  return fs::exists(bound / "file");
}

bool CheckHasCapabilities(std::uint64_t missing) {
  Yard yard(missing);
  std::string program =
      yard.NewFile("check.sh", "#!/bin/sh\ngrep CapEff /proc/self/status\n", 0755);
  std::string output = CheckOutput(&yard, program);
  return Contains(output, "CapEff") && !Contains(output, "0000000000000004");
}

// Its own program, which is this user's.
bool CheckChangesItsProgram(std::uint64_t missing) {
  Yard yard(missing);
  std::string program = yard.NewFile(
      "check.sh", "#!/bin/sh\nchmod 755 /dev/fd/4 && echo '#' >>/dev/fd/4 && echo changed\n", 0755);
  return Contains(CheckOutput(&yard, program), "changed");
}

// A child of root in a user namespace without a map; the monitor serves another user.
bool MonitorMapsAForeignProcess(std::uint64_t missing) {
  int pidfd = -1;
  pid_t pid = sandbox::Clone(CLONE_NEWUSER | CLONE_PIDFD, &pidfd);
  if (pid == 0) {
    pause();
    _exit(0);
  }
  sandbox::UniqueFd owner(pidfd);
  sandbox::MonitorConfig config;
  config.uid = 54321;
  config.subids = {kRangeBase, 65536};
  sandbox::LeaveOutNothing();
  if ((missing & Bit(Layer::kMonitorOwner)) != 0) sandbox::LeaveOut(Layer::kMonitorOwner);
  bool mapped = sandbox::MapIdsOf(pidfd, config).ok();
  sandbox::LeaveOutNothing();
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  return mapped;
}

// Root without a range: the one id to be mapped is the host's 0, who reads what only root may.
bool RunsAsTheHostsRoot(std::uint64_t missing) {
  Yard yard(0);
  std::string leave_out;
  for (std::size_t i = 0; i < sandbox::kLayers; ++i) {
    if ((missing >> i & 1) != 0)
      leave_out += " --leave-out " + std::string(sandbox::kLayerNames[i]);
  }
  fs::path log = yard.NewFile("root.log", "");
  fs::path secret = yard.NewFile("root.secret", "root's", 0600);
  std::string command = (yard.directory() / "launcher").string() + leave_out + " run --root-dir " +
                        yard.root().string() + " --bind-ro " + secret.string() +
                        " /build/secret -- /bin/hostile read /build/secret >" + log.string() +
                        " 2>/dev/null";
  static_cast<void>(!std::system(command.c_str()));
  return ReadFile(log).find("root's") != std::string::npos;
}

const Words kUncounted = {"--cpu-seconds", "0", "--memory-bytes", "0"};  // the host's are many

constexpr Row kRows[] = {
    {Layer::kPidNamespace, Where::kAnywhere, Set(Layer::kOwnProc, Layer::kVerifyWalls), "proc",
     [](std::uint64_t missing) { return IsNumberAbove(Log(missing, {"pid"}, kUncounted), 2); }},
    {Layer::kOwnProc, Where::kAnywhere, Set(Layer::kVerifyWalls), "own /proc",
     [](std::uint64_t missing) {
       return IsNumberAbove(Log(missing, {"processes"}, kUncounted), 2);
     }},
    {Layer::kHostProcDetached, Where::kAnywhere, Set(Layer::kVerifyWalls), "host's /proc",
     [](std::uint64_t missing) {
       return Contains(Log(missing, {"read", "/proc/self/mountinfo"}), " /tmp/proc ");
     }},
    {Layer::kNetNamespace, Where::kAnywhere, Set(Layer::kVerifyNamespaces), "net namespace",
     [](std::uint64_t missing) { return Allowed(missing, {"udp"}); }},
    {Layer::kIpcNamespace, Where::kAnywhere,
     Set(Layer::kStageIpcNamespace, Layer::kVerifyNamespaces), "ipc namespace", SeesTheHostsMemory},
    {Layer::kStageIpcNamespace, Where::kAnywhere, 0, nullptr, MainSeesMemoryOfPrepare},
    {Layer::kUtsNamespace, Where::kAnywhere, Set(Layer::kHostname, Layer::kVerifyNamespaces),
     "uts namespace", [](std::uint64_t missing) { return IsInHosts(missing, "uts"); }},
    {Layer::kCgroupNamespace, Where::kRange, Set(Layer::kVerifyWalls), "cgroup namespace",
     [](std::uint64_t missing) { return IsInHosts(missing, "cgroup"); }},
    {Layer::kTimeNamespace, Where::kAnywhere, Set(Layer::kVerifyNamespaces),
     "time_for_children namespace",
     [](std::uint64_t missing) { return IsInHosts(missing, "time"); }},
    {Layer::kHostRootDetached, Where::kAnywhere, Set(Layer::kLandlock, Layer::kVerifyWalls),
     "host's root",
     [](std::uint64_t missing) {
       return Contains(Log(missing, {"read", "/../etc/passwd"}), "root:");
     }},
    {Layer::kReadOnlyRoot, Where::kAnywhere,
     Set(Layer::kRootOverlay, Layer::kLandlock, Layer::kVerifyWalls), nullptr,
     [](std::uint64_t missing) {
       return Allowed(missing, {"append", "/etc/passwd"});
     }},
    {Layer::kRootOverlay, Where::kAnywhere, 0, nullptr, SeesWhereItsRootLies},
    {Layer::kAssemblyRoom, Where::kRange, 0, nullptr, ReopensABindInAssembly},
    {Layer::kNoSuidMounts, Where::kRange,
     Set(Layer::kNoNewPrivileges, Layer::kLandlock, Layer::kSeccomp, Layer::kVerifyWalls),
     "read-only root", SuidProgramIsRootInside},
    {Layer::kNoDeviceMounts, Where::kTestIsRoot, Set(Layer::kRootOverlay, Layer::kVerifyWalls),
     "read-only root", OpensADeviceOfTheRoot},
    {Layer::kReadOnlyBinds, Where::kAnywhere, 0, nullptr, WritesToABind},
    {Layer::kFewDevices, Where::kAnywhere, Set(Layer::kVerifyWalls), "read-only /dev",
     SeesMoreDevices},
    {Layer::kReadOnlyDevices, Where::kSingle, Set(Layer::kLandlock, Layer::kVerifyWalls),
     "read-only /dev",
     [](std::uint64_t missing) {
       return Allowed(missing, {"create", "/dev/new"});
     }},
    {Layer::kProcMask, Where::kAnywhere, Set(Layer::kVerifyWalls), "masked /proc/sys",
     [](std::uint64_t missing) {
       return Log(missing, {"read", "/proc/cmdline"}).size() > 8;
     }},
    {Layer::kInitArgumentsWiped, Where::kAnywhere, 0, nullptr,
     [](std::uint64_t missing) {
       return Contains(Log(missing, {"read", "/proc/1/cmdline"}), "--root-dir");
     }},
    {Layer::kInitUntraceable, Where::kRootless, Set(Layer::kLandlock, Layer::kVerifyWalls), nullptr,
     [](std::uint64_t missing) {
       return Contains(Log(missing, {"list", "/proc/1/fd"}), "0 ");
     }},
    {Layer::kInitCapabilities, Where::kAnywhere, 0, nullptr,
     [](std::uint64_t missing) { return HasCapabilities(missing, "1", "CapEff"); }},
    {Layer::kCallersIdHidden, Where::kSingle, 0, nullptr, SeesTheCallersId},
    {Layer::kHostname, Where::kAnywhere, 0, nullptr,
     [](std::uint64_t missing) {
       std::string host = Log(missing, {"host"});
       return !host.empty() && host != "sandbox";
     }},
    {Layer::kCloseDescriptors, Where::kAnywhere, 0, nullptr, GetsALeakedDescriptor},
    {Layer::kEmptyEnvironment, Where::kAnywhere, Set(Layer::kInitArgumentsWiped), nullptr,
     SeesTheHostsEnvironment},
    {Layer::kNewSession, Where::kAnywhere, 0, nullptr,
     [](std::uint64_t missing) { return Log(missing, {"session"}) == "foreign"; }},
    {Layer::kUmask, Where::kAnywhere, 0, nullptr,
     [](std::uint64_t missing) { return Log(missing, {"mask"}) == "0"; }},
    {Layer::kCapabilities, Where::kAnywhere, Set(Layer::kVerifyWalls), "capabilit",
     [](std::uint64_t missing) { return HasCapabilities(missing, "self", "CapBnd"); }},
    {Layer::kNoNewPrivileges, Where::kAnywhere,
     Set(Layer::kLandlock, Layer::kSeccomp, Layer::kVerifyWalls), "Landlock",
     [](std::uint64_t missing) { return StatusLine(missing, "self", "NoNewPrivs") == "0"; }},
    {Layer::kInsideIds, Where::kRange, Set(Layer::kVerifyWalls), "user id",
     [](std::uint64_t missing) { return Log(missing, {"ids"}) == "0 0"; }},
    {Layer::kLandlock, Where::kAnywhere, Set(Layer::kVerifyWalls), "Landlock",
     [](std::uint64_t missing) {
       return Allowed(missing, {"append", "/proc/self/comm"});
     }},
    {Layer::kSeccomp, Where::kAnywhere, Set(Layer::kVerifyWalls), "seccomp",
     [](std::uint64_t missing) { return Allowed(missing, {"keyring"}); }},
    {Layer::kRlimits, Where::kAnywhere, 0, nullptr,
     [](std::uint64_t missing) {
       std::string limit = Log(missing, {"core_limit"});
       return !limit.empty() && limit != "1";
     }},
    {Layer::kCgroup, Where::kRange, Set(Layer::kRlimits, Layer::kWatchdog), nullptr,
     [](std::uint64_t missing) {
       return Allowed(missing, {"forks", "100"}, {"--pids", "50"});
     }},
    {Layer::kWatchdog, Where::kAnywhere, Set(Layer::kCgroup, Layer::kRlimits), nullptr,
     [](std::uint64_t missing) {
       return Allowed(missing, {"hold", "60000000"}, {"--memory-bytes", "30000000"});
     }},
    {Layer::kCpuLimit, Where::kAnywhere, Set(Layer::kRlimits), nullptr,
     [](std::uint64_t missing) {
       return Allowed(missing, {"spin", "2"}, {"--cpu-seconds", "1"});
     }},
    {Layer::kWallLimit, Where::kAnywhere, 0, nullptr,
     [](std::uint64_t missing) {
       return Allowed(missing, {"sleep", "3"}, {"--wall-seconds", "1"});
     }},
    {Layer::kSilenceLimit, Where::kAnywhere, 0, nullptr,
     [](std::uint64_t missing) {
       return Allowed(missing, {"sleep", "3"}, {"--silence-seconds", "1"});
     }},
    {Layer::kLogLimit, Where::kAnywhere, 0, nullptr,
     [](std::uint64_t missing) {
       return Log(missing, {"flood", "200000"}, {"--log-bytes", "100000"}).size() > 100000;
     }},
    {Layer::kOutputLimit, Where::kAnywhere, 0, nullptr,
     [](std::uint64_t missing) {
       Yard yard(missing);
       fs::path out = yard.NewDirectory("out");
       return yard.Do({"write", "/build/file", "2000000"},
                      {"--output", "/build/file", "--output-dir", out, "--output-bytes", "1000000"})
                  .exit_code == 0;
     }},
    {Layer::kDiskLimit, Where::kAnywhere, 0, nullptr,
     [](std::uint64_t missing) {
       return Allowed(missing, {"write", "/build/file", "2000000"}, {"--disk-bytes", "1000000"}) &&
              Allowed(missing, {"write", "/tmp/file", "2000000"}, {"--disk-bytes", "1000000"});
     }},
    {Layer::kDiskMeasure, Where::kAnywhere, Set(Layer::kRlimits), nullptr, FillsAFolderOfTheHost},
    {Layer::kKillAtEnd, Where::kAnywhere, Set(Layer::kDieWithLauncher, Layer::kCgroup), nullptr,
     OutlivesItsLimit},
    {Layer::kDieWithLauncher, Where::kAnywhere, Set(Layer::kCgroup), nullptr, OutlivesItsLauncher},
    {Layer::kOutputTypes, Where::kAnywhere, 0, nullptr,
     [](std::uint64_t missing) { return TakesOut(missing, "fifo", "out/pipe"); }},
    {Layer::kOutputLinks, Where::kAnywhere, 0, nullptr,
     [](std::uint64_t missing) { return TakesOut(missing, "link", "out/link"); }},
    {Layer::kOutputHardLinks, Where::kAnywhere, 0, nullptr,
     [](std::uint64_t missing) { return TakesOut(missing, "hard_link", "out/second"); }},
    {Layer::kOutputNames, Where::kAnywhere, 0, nullptr,
     [](std::uint64_t missing) { return TakesOut(missing, "name", "out/a\nb"); }},
    {Layer::kOutputModes, Where::kAnywhere, 0, nullptr, TakesOutASuidFile},
    {Layer::kOutputResolve, Where::kAnywhere, 0, nullptr, TakesOutAFileOfTheRoot},
    {Layer::kOutputOverNothing, Where::kAnywhere, 0, nullptr, WritesOverAFileOfTheHost},
    {Layer::kCheckCapabilities, Where::kAnywhere, 0, nullptr, CheckHasCapabilities},
    {Layer::kCheckSealed, Where::kRootless, 0, nullptr, CheckChangesItsProgram},
    {Layer::kMonitorOwner, Where::kTestIsRoot, 0, nullptr, MonitorMapsAForeignProcess},
    {Layer::kHostRootRefused, Where::kRoot, Set(Layer::kVerifyIdMap), nullptr, RunsAsTheHostsRoot},
    {Layer::kVerifyIdMap, Where::kRoot, Set(Layer::kHostRootRefused), nullptr, RunsAsTheHostsRoot},
    {Layer::kVerifyWalls, Where::kAnywhere, Set(Layer::kProcMask), nullptr,
     [](std::uint64_t missing) {
       return Log(missing, {"read", "/proc/cmdline"}).size() > 8;
     }},
    {Layer::kVerifyNamespaces, Where::kAnywhere, Set(Layer::kNetNamespace), nullptr,
     [](std::uint64_t missing) { return Allowed(missing, {"udp"}); }},
};

// A layer without an attack is no protection that anybody knows to work.
constexpr std::uint64_t Covered() {
  std::uint64_t covered = 0;
  for (const Row& row : kRows) covered |= Bit(row.layer);
  return covered;
}
static_assert(Covered() == (std::uint64_t{1} << sandbox::kLayers) - 1);

bool SaysSomething(Where where) {
  switch (where) {
    case Where::kAnywhere:
      return true;
    case Where::kRange:
      return HasRange();
    case Where::kSingle:
      return !HasRange();
    case Where::kRootless:
      return TestMode() == Mode::kRootless;
    case Where::kRoot:
      return TestMode() == Mode::kRoot;
    case Where::kTestIsRoot:
      return TestMode() != Mode::kPlain;
  }
  return false;
}

std::vector<Row> Rows() {
  std::vector<Row> rows;
  for (const Row& row : kRows) {
    if (SaysSomething(row.where)) rows.push_back(row);
  }
  return rows;
}

class Layers : public testing::TestWithParam<Row> {};

TEST_P(Layers, StandsAlone) {
  const Row& row = GetParam();
  EXPECT_FALSE(row.attack(0)) << "with everything in its place";
  EXPECT_FALSE(row.behind != 0 && row.attack(row.behind)) << "with this layer alone";
  EXPECT_TRUE(row.attack(row.behind | Bit(row.layer))) << "without it";
}

TEST_P(Layers, IsMissedByTheLauncher) {
  const Row& row = GetParam();
  if (row.noticed == nullptr) return;
  Ran ran = Yard(Bit(row.layer)).Do({"ids"}, kUncounted);
  EXPECT_EQ(ran.exit_code, 30) << ran.diagnostics;
  EXPECT_EQ(ran.log, "");
  EXPECT_TRUE(Contains(ran.result.value("message", ""), row.noticed)) << ran.diagnostics;
}

INSTANTIATE_TEST_SUITE_P(Each, Layers, testing::ValuesIn(Rows()), [](const auto& info) {
  return std::string(sandbox::kLayerNames[static_cast<std::size_t>(info.param.layer)]);
});

// As a word of its own: a sysctl's name may hold a layer's.
bool ContainsWord(const std::string& text, const std::string& word) {
  auto is_inner = [&](std::size_t at) {
    return at < text.size() &&
           (text[at] == '_' || std::islower(static_cast<unsigned char>(text[at])));
  };
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    if ((at == 0 || !is_inner(at - 1)) && !is_inner(at + word.size())) return true;
  }
  return false;
}

TEST(Holes, AreNotInTheProduct) {
  const char* product = std::getenv("PRODUCT");
  ASSERT_NE(product, nullptr);
  std::string bytes = ReadFile(product);
  std::string with_holes = ReadFile(std::getenv("LAUNCHER"));
  ASSERT_TRUE(Contains(bytes, "farm-sandbox-result/1"));
  EXPECT_FALSE(Contains(bytes, std::string(sandbox::kLeaveOutOption)));
  for (std::string_view name : sandbox::kLayerNames) {
    EXPECT_FALSE(ContainsWord(bytes, std::string(name))) << name;
    EXPECT_TRUE(Contains(with_holes, std::string(name))) << name;
  }
}

}  // namespace
}  // namespace attacks
