#include "sandbox/setup.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>

#include "sandbox/channel.h"
#include "sandbox/collect.h"
#include "sandbox/disk_usage.h"
#include "sandbox/family.h"
#include "sandbox/init.h"
#include "sandbox/inputs.h"
#include "sandbox/layers.h"
#include "sandbox/limits.h"
#include "sandbox/mounts.h"
#include "sandbox/outcome.h"

namespace sandbox {
namespace {

// Between two looks at a folder of the host as /build, which take one part in so many of the time.
constexpr std::int64_t kDiskPeriodMilliseconds = 1000;
constexpr std::int64_t kDiskPeriodMillisecondsMin = 50;
constexpr std::int64_t kDiskShare = 20;

class Setup {
 public:
  Setup(const Spec& spec, const Filter& filter, const SetupDescriptors& descriptors)
      : spec_(spec), filter_(filter), fds_(descriptors) {}

  Status Enter();
  // Does what the launcher says until it closes the channel.
  Status Serve();

 private:
  Status DieWithLauncher();
  Status TakeInsideIdentity();
  Status ConfigureNamespaces();
  Status Handle(Message message);
  bool IsDiskOverLimit();
  bool WatchDisk(pid_t init, int pidfd);
  Status RunStage(Stage stage);
  Status SendDirectory(const std::string& path);

  const Spec& spec_;
  const Filter& filter_;
  SetupDescriptors fds_;
  bool has_range_ = false;
  bool memory_is_observed_ = false;
  std::int64_t began_ = FileNow();
  UniqueFd fuse_;
};

Status Setup::DieWithLauncher() {
  if (LeftOut(Layer::kDieWithLauncher)) return {};
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return SystemError("parent death signal");
  pollfd peer = {fds_.launcher, 0, 0};
  if (poll(&peer, 1, 0) < 0 || (peer.revents & POLLHUP) != 0) {
    return Status::Failed("the launcher is gone");
  }
  return {};
}

// With a range, from the caller's id to the inside 0, which is not the caller and not the host's 0.
// With one id there is nobody else to become.
Status Setup::TakeInsideIdentity() {
  if (!has_range_) return {};
  if (setgroups(0, nullptr) != 0) return SystemError("setgroups");
  if (setresgid(0, 0, 0) != 0) return SystemError("becoming group 0 inside");
  if (setresuid(0, 0, 0) != 0) return SystemError("becoming user 0 inside");
  return {};
}

Status SetUptime() {
  if (LeftOut(Layer::kTimeNamespace)) return {};
  if (unshare(CLONE_NEWTIME) != 0) return SystemError("time namespace");
  timespec monotonic = {};
  timespec boot = {};
  clock_gettime(CLOCK_MONOTONIC, &monotonic);
  clock_gettime(CLOCK_BOOTTIME, &boot);
  std::string offsets = "monotonic " + std::to_string(kUptimeSeconds - monotonic.tv_sec) +
                        " 0\nboottime " + std::to_string(kUptimeSeconds - boot.tv_sec) + " 0\n";
  return WriteControlFile(AT_FDCWD, "/proc/self/timens_offsets", offsets);
}

Status RaiseLoopback() {
  UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = {};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (!socket.valid() || ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) {
    return SystemError("raising the loopback interface");
  }
  return {};
}

Status Setup::ConfigureNamespaces() {
  // After the launcher has put this process into its cgroup, so that it is the root seen inside.
  if (!LeftOut(Layer::kCgroupNamespace) && unshare(CLONE_NEWCGROUP) != 0) {
    return SystemError("cgroup namespace");
  }
  if (!LeftOut(Layer::kHostname) &&
      (sethostname(spec_.hostname.c_str(), spec_.hostname.size()) != 0 ||
       setdomainname("(none)", 6) != 0)) {
    return SystemError("host and domain name");
  }
  return spec_.loopback ? RaiseLoopback() : Status();
}

Status Setup::Enter() {
  if (Status status = DieWithLauncher(); !status.ok()) return status;
  if (!LeftOut(Layer::kNewSession) && setsid() < 0) return SystemError("setsid");
  umask(0);
  // Before the ids change: afterwards the kernel lets this process not write there.
  Status adjusted = WriteControlFile(AT_FDCWD, "/proc/self/oom_score_adj", "1000");
  if (!adjusted.ok()) return adjusted;
  // Likewise, and so that the launcher sees the new time namespace among the others.
  if (Status status = SetUptime(); !status.ok()) return status;
  Result<HostTrees> trees = OpenHostTrees(spec_);
  if (!trees.ok()) return trees.status();
  if (Status status = Send(fds_.launcher, Kind::kOpened); !status.ok()) return status;
  Result<Message> mapped = Receive(fds_.launcher);
  if (!mapped.ok()) return mapped.status();
  has_range_ = mapped->numbers[0] != 0;
  memory_is_observed_ = mapped->numbers[1] != 0;
  if (Status status = ConfigureNamespaces(); !status.ok()) return status;
  if (Status status = TakeInsideIdentity(); !status.ok()) return status;
  // A change of ids forgets it.
  if (Status status = DieWithLauncher(); !status.ok()) return status;
  int image = mapped->fds.empty() ? -1 : mapped->fds[0].get();
  Result<std::string> backend = MountRoot(spec_, &*trees, image);
  if (!backend.ok()) return backend.status();
  fuse_ = std::move(trees->fuse);
  return Send(fds_.launcher, Kind::kMounted, {}, *backend);
}

// The kernel bounds a tmpfs. A folder of the host is measured now and then, and when all in it is
// dead.
bool Setup::IsDiskOverLimit() {
  const Limits& limits = spec_.limits;
  bool is_bounded = limits.disk_bytes != 0 || limits.disk_inodes != 0;
  if (spec_.work_directory.empty() || !is_bounded || LeftOut(Layer::kDiskMeasure)) return false;
  Result<DiskUsage> usage = MeasureDisk("/build");
  // Nobody but the command makes a tree that cannot be measured.
  if (!usage.ok()) return true;
  return (limits.disk_bytes != 0 && usage->bytes > limits.disk_bytes) ||
         (limits.disk_inodes != 0 && usage->inodes > limits.disk_inodes);
}

// Until `init` ends; ends it when the disk is over its limit, and says so.
bool Setup::WatchDisk(pid_t init, int pidfd) {
  if (spec_.work_directory.empty()) return false;
  bool was_over = false;
  std::int64_t period = kDiskPeriodMillisecondsMin;
  pollfd end = {pidfd, POLLIN, 0};
  while (poll(&end, 1, static_cast<int>(period)) <= 0) {
    std::int64_t began = NowMilliseconds();
    was_over = was_over || IsDiskOverLimit();
    if (was_over) kill(init, SIGKILL);
    std::int64_t wanted =
        std::max(kDiskPeriodMilliseconds, (NowMilliseconds() - began) * kDiskShare);
    period = std::min(period * 2, wanted);
  }
  return was_over;
}

std::uint64_t StageNamespaces() {
  std::uint64_t flags = CLONE_NEWNS;
  if (!LeftOut(Layer::kPidNamespace)) flags |= CLONE_NEWPID;
  if (!LeftOut(Layer::kStageIpcNamespace)) flags |= CLONE_NEWIPC;
  return flags;
}

Status Setup::RunStage(Stage stage) {
  bool prepare = stage == Stage::kPrepare;
  const std::string build = "/build";
  Command command{prepare ? spec_.prepare_argv : spec_.argv,
                  prepare ? build : spec_.working_directory,
                  fds_.log,
                  memory_is_observed_,
                  has_range_,
                  stage,
                  began_,
                  fuse_.get()};
  int raw_pidfd = -1;
  pid_t pid = Clone(StageNamespaces() | CLONE_PIDFD, &raw_pidfd);
  if (pid < 0) return SystemError("making the pid namespace");
  if (pid == 0) {
    close(fds_.launcher);
    RunInit(spec_, filter_, command, fds_.init);
  }
  UniqueFd pidfd(raw_pidfd);
  Status sent = Send(fds_.launcher, Kind::kStageStarted, {}, "", {pidfd.get()});
  if (!sent.ok()) return sent;
  bool was_over = WatchDisk(pid, pidfd.get());
  // Init is a zombie only when everything in its namespace is dead and reaped.
  rusage usage = {};
  int status = 0;
  while (wait4(pid, &status, 0, &usage) < 0) {
    if (errno != EINTR) return SystemError("waiting for a stage");
  }
  std::int64_t cpu = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * std::int64_t{1000000} +
                     usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
  bool is_over = IsDiskOverLimit() || was_over;
  return Send(fds_.launcher, Kind::kStageEnded,
              {cpu, std::int64_t{usage.ru_maxrss} * 1024, is_over});
}

Status Setup::SendDirectory(const std::string& path) {
  UniqueFd build(open("/build", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  UniqueFd directory(OpenAt2(build.get(), path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0,
                             RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV));
  if (!directory.valid()) {
    return Send(fds_.launcher, Kind::kDirectory, {errno}, std::strerror(errno));
  }
  return Send(fds_.launcher, Kind::kDirectory, {}, "", {directory.get()});
}

Status Setup::Handle(Message message) {
  switch (message.kind) {
    case Kind::kInput:
      return PlaceInput(spec_, spec_.inputs[static_cast<std::size_t>(message.numbers[0])],
                        message.fds[0].get());
    case Kind::kInputsDone:
      return Send(fds_.launcher, Kind::kInputsDone);
    case Kind::kStartStage:
      return RunStage(static_cast<Stage>(message.numbers[0]));
    case Kind::kOpenDirectory:
      return SendDirectory(message.text);
    case Kind::kCollect:
      return CollectOutputs(spec_, fds_.launcher);
    default:
      return Status::Failed("unexpected message");
  }
}

Status Setup::Serve() {
  while (true) {
    Result<Message> message = Receive(fds_.launcher);
    if (!message.ok()) _exit(0);
    if (Status status = Handle(std::move(*message)); !status.ok()) return status;
  }
}

// A thread that moves itself waits for nobody, unlike a process that is moved. This is all of its
// process.
Status EnterGroups(const std::vector<int>& folders) {
  for (int folder : folders) {
    if (Status entered = WriteControlFile(folder, "tasks", "0"); !entered.ok()) return entered;
  }
  return {};
}

}  // namespace

void RunSetup(const Spec& spec, const Filter& filter, const SetupDescriptors& descriptors) {
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd : {0, 1, 2}) dup2(null, fd);
  Setup setup(spec, filter, descriptors);
  Status status = EnterGroups(descriptors.groups);
  if (status.ok() && !LeftOut(Layer::kCloseDescriptors)) {
    status = CloseAllExcept({descriptors.launcher, descriptors.init, descriptors.log});
  }
  if (status.ok()) status = setup.Enter();
  if (status.ok()) status = setup.Serve();
  Status sent = Send(descriptors.launcher, Kind::kFailed, {}, status.message());
  _exit(sent.ok() ? 0 : 1);
}

}  // namespace sandbox
