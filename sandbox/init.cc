#include "sandbox/init.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "sandbox/assembly_room.h"
#include "sandbox/channel.h"
#include "sandbox/fixed_world.h"
#include "sandbox/layers.h"
#include "sandbox/mappings.h"
#include "sandbox/mounts.h"
#include "sandbox/usage.h"

namespace sandbox {
namespace {

// Between two looks at the usage: at most, and, where memory has come close to its limit, at least.
constexpr int kUsagePeriodMilliseconds = 200;
constexpr int kUsagePeriodMillisecondsMin = 20;
// A look takes one part in so many of the time.
constexpr std::int64_t kUsageShare = 20;
constexpr std::size_t kFailureTextMax = 4096;

[[noreturn]] void Give(int channel, Kind kind, const std::vector<std::int64_t>& numbers,
                       const std::string& text) {
  // If the launcher has gone, everything here is about to be killed.
  Status sent = Send(channel, kind, numbers, text);
  _exit(sent.ok() ? 0 : 1);
}

// Where the usage is read, opened before the command can change what lies at these paths.
struct Usages {
  TemporaryFiles files;
  UsageWatch watch;
};

Result<Usages> OpenUsages(const Spec& spec, UniqueFd locks, bool memory_is_observed) {
  Result<TemporaryFiles> files = TemporaryFiles::Open(spec);
  if (!files.ok()) return files.status();
  std::uint64_t limit = memory_is_observed ? spec.limits.memory_bytes : 0;
  Result<UsageWatch> watch =
      UsageWatch::Open(spec, std::move(locks), static_cast<std::int64_t>(limit));
  if (!watch.ok()) return watch.status();
  return Usages{std::move(*files), std::move(*watch)};
}

// In how many milliseconds it wants to be called again.
int ReportUsage(const Limits& limits, Usages& usages, int channel) {
  std::int64_t began = NowMilliseconds();
  TemporaryUsage temporary = usages.files.Measure();
  Result<UsageNow> usage = usages.watch.Look(temporary);
  Status sent = usage.ok() ? Send(channel, Kind::kUsage,
                                  {usage->cpu_microseconds, usage->memory_bytes, usage->threads,
                                   temporary.is_full, usage->file_locks})
                           : Send(channel, Kind::kUnseen, {}, usage.message());
  if (!sent.ok() && !LeftOut(Layer::kDieWithLauncher)) _exit(1);
  if (!usage.ok()) return kUsagePeriodMilliseconds;
  std::uint64_t limit = limits.memory_bytes;
  bool is_close = limit != 0 && static_cast<std::uint64_t>(usage->memory_bytes) > limit / 2;
  if (!is_close) return kUsagePeriodMilliseconds;
  std::int64_t wanted = (NowMilliseconds() - began) * kUsageShare;
  return static_cast<int>(
      std::clamp<std::int64_t>(wanted, kUsagePeriodMillisecondsMin, kUsagePeriodMilliseconds));
}

// Waits for `command`, reaping everything else that becomes an orphan. Returns its wait status.
int ReapUntilEnd(const Limits& limits, Usages& usages, pid_t command, int channel) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, nullptr);
  UniqueFd signals(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  int period = kUsagePeriodMillisecondsMin;
  std::int64_t next_report = NowMilliseconds() + period;
  while (true) {
    int status = 0;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
      if (pid == command) return status;
    }
    if (NowMilliseconds() >= next_report) {
      period = std::min(period * 2, ReportUsage(limits, usages, channel));
      next_report = NowMilliseconds() + period;
    }
    pollfd wait = {signals.get(), POLLIN, 0};
    poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(next_report - NowMilliseconds(), 0)));
    signalfd_siginfo ignored;
    while (read(signals.get(), &ignored, sizeof ignored) > 0) {
    }
  }
}

// The same for a command that is followed. The tracer's thread must do nothing else.
int FollowUntilEnd(const Limits& limits, Usages& usages, pid_t command, int channel,
                   Tracer* tracer) {
  std::thread reports([&limits, &usages, channel] {
    int period = kUsagePeriodMillisecondsMin;
    while (true) {
      usleep(static_cast<useconds_t>(period) * 1000);
      period = std::min(period * 2, ReportUsage(limits, usages, channel));
    }
  });
  reports.detach();  // ends with this process
  return tracer->ServeUntilEnd(command);
}

Status DieWithParent(int channel) {
  if (LeftOut(Layer::kDieWithLauncher)) return {};
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return SystemError("parent death signal");
  // The parent may have died before the line above.
  pollfd peer = {channel, POLLIN, 0};
  if (poll(&peer, 1, 0) < 0 || (peer.revents & POLLHUP) != 0) return Status::Failed("parent gone");
  return {};
}

Status WipeArguments() {
  if (LeftOut(Layer::kInitArgumentsWiped)) return {};
  Result<std::string> stat = ReadFile("/proc/self/stat", 4096);
  if (!stat.ok()) return stat.status();
  // arg_start, arg_end, env_start, env_end are fields 48 to 51 (proc(5)).
  std::size_t name_end = stat->rfind(')');
  if (name_end == std::string::npos) return Status::Failed("/proc/self/stat has no name");
  std::vector<std::string> fields = Split(std::string_view(*stat).substr(name_end + 2), ' ');
  if (fields.size() < 49) return Status::Failed("/proc/self/stat is too short");
  std::uint64_t bounds[4];
  for (std::size_t i = 0; i < 4; ++i) {
    bounds[i] = std::strtoull(fields[45 + i].c_str(), nullptr, 10);
    if (bounds[i] == 0) return Status::Failed("/proc/self/stat hides the arguments' place");
  }
  std::memset(reinterpret_cast<void*>(bounds[0]), 0, bounds[1] - bounds[0]);
  std::memset(reinterpret_cast<void*>(bounds[2]), 0, bounds[3] - bounds[2]);
  return {};
}

Status PrepareSelf(const Spec& spec, int channel, UniqueFd* locks) {
  if (Status status = DieWithParent(channel); !status.ok()) return status;
  if (Status status = MountStage(spec, locks); !status.ok()) return status;
  if (spec.profile == Profile::kAssembly && !LeftOut(Layer::kAssemblyRoom)) {
    if (Status status = EnterAssemblyRoom(); !status.ok()) return status;
  }
  return HideInit();
}

// To the first newline at least, or to the end.
std::string ReadReport(int fd) {
  std::string text;
  char buffer[256];
  ssize_t count;
  while (text.size() < kFailureTextMax && text.find('\n') == std::string::npos &&
         (count = read(fd, buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace

Status HideInit() {
  if (Status status = WipeArguments(); !status.ok()) return status;
  prctl(PR_SET_NAME, "init", 0, 0, 0);
  if (!LeftOut(Layer::kInitUntraceable) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return SystemError("making init untraceable");
  }
  return {};
}

void RunInit(const Spec& spec, const Filter& filter, const Command& command, int channel) {
  UniqueFd locks;
  if (Status status = PrepareSelf(spec, channel, &locks); !status.ok()) {
    Give(channel, Kind::kNotStarted, {}, status.message());
  }
  // Before a level covers what they read.
  Result<Usages> usages = OpenUsages(spec, std::move(locks), command.memory_is_observed);
  if (!usages.ok()) Give(channel, Kind::kNotStarted, {}, usages.message());
  std::unique_ptr<FixedWorld> world;
  if (spec.determinism != Determinism::kOff) {
    Result<std::unique_ptr<FixedWorld>> made = FixedWorld::Make(spec, command);
    if (!made.ok()) Give(channel, Kind::kNotStarted, {}, made.message());
    world = std::move(*made);
  }
  int report[2];
  int release[2];
  if (pipe2(report, O_CLOEXEC) != 0 || pipe2(release, O_CLOEXEC) != 0) {
    Give(channel, Kind::kNotStarted, {}, "pipe2 failed");
  }
  // Not vfork, which would be quicker: the command must not run before this process has dropped its
  // capabilities, and so the child waits for it.
  pid_t child = fork();
  if (child < 0) Give(channel, Kind::kNotStarted, {}, SystemError("fork").message());
  if (child == 0) {
    Status failure = ConfineAndExecute(spec, filter, command, report[1], release[0]);
    Status written = WriteAll(report[1], failure.message());
    _exit(written.ok() ? 127 : 126);
  }
  close(report[1]);
  if (world == nullptr) close(command.log);
  bool drops = world == nullptr && !LeftOut(Layer::kInitCapabilities);
  // Kept where the kernel watches memory, too: who lacks it may not take this process its turns.
  if (drops && CapabilitiesSet(0, kRightToLook, 0) != 0) {
    Give(channel, Kind::kNotStarted, {}, "capset failed");
  }
  std::string text = ReadReport(report[0]);
  Confined confined;
  bool stands = TakeConfined(&text, &confined);
  if (stands) {
    Status taken = world == nullptr ? Status() : world->Take(child, confined.listener);
    if (!taken.ok()) Give(channel, Kind::kNotStarted, {}, taken.message());
    Status sent = Send(channel, Kind::kConfined,
                       {confined.landlock_abi, confined.counter_is_hidden}, confined.seccomp);
    if (!sent.ok() || !WriteAll(release[1], "x").ok()) _exit(1);
  }
  Result<std::string> failure = ReadAll(report[0], kFailureTextMax);
  if (!failure.ok()) Give(channel, Kind::kNotStarted, {}, failure.message());
  text += *failure;
  if (!stands || !text.empty()) Give(channel, Kind::kNotStarted, {}, text);
  Tracer* tracer = world == nullptr ? nullptr : world->tracer();
  int status = tracer == nullptr ? ReapUntilEnd(spec.limits, *usages, child, channel)
                                 : FollowUntilEnd(spec.limits, *usages, child, channel, tracer);
  Give(channel, Kind::kExited, {status, usages->files.Measure().is_full}, "");
}

}  // namespace sandbox
