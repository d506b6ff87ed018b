#include "sandbox/init.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "sandbox/channel.h"
#include "sandbox/layers.h"
#include "sandbox/limits.h"
#include "sandbox/mounts.h"

namespace sandbox {
namespace {

constexpr int kUsagePeriodMilliseconds = 200;
constexpr std::size_t kFailureTextMax = 4096;

[[noreturn]] void Give(int channel, Kind kind, std::int64_t number, const std::string& text) {
  // If the launcher has gone, everything here is about to be killed.
  Status sent = Send(channel, kind, {number}, text);
  _exit(sent.ok() ? 0 : 1);
}

// What the files of the stage's tmpfs mounts take; they are memory.
std::int64_t TemporaryBytes(const Spec& spec) {
  std::int64_t bytes = 0;
  for (const char* path : {"/tmp", "/build"}) {
    struct statvfs status = {};
    if (path[1] == 'b' && !spec.work_directory.empty()) continue;
    if (statvfs(path, &status) != 0) continue;
    bytes += static_cast<std::int64_t>((status.f_blocks - status.f_bfree) * status.f_frsize);
  }
  return bytes;
}

// Waits for `command`, reaping everything else that becomes an orphan. Returns its wait status.
int ReapUntilEnd(const Spec& spec, pid_t command, int channel) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, nullptr);
  UniqueFd signals(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  UniqueFd proc(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::int64_t next_report = NowMilliseconds();
  while (true) {
    int status = 0;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
      if (pid == command) return status;
    }
    if (NowMilliseconds() >= next_report) {
      UsageNow usage = ScanUsage(proc.get());
      usage.memory_bytes += TemporaryBytes(spec);
      Status sent = Send(channel, Kind::kUsage,
                         {usage.cpu_microseconds, usage.memory_bytes, usage.processes});
      if (!sent.ok() && !LeftOut(Layer::kDieWithLauncher)) _exit(1);
      next_report = NowMilliseconds() + kUsagePeriodMilliseconds;
    }
    pollfd wait = {signals.get(), POLLIN, 0};
    poll(&wait, 1, kUsagePeriodMilliseconds);
    signalfd_siginfo ignored;
    while (read(signals.get(), &ignored, sizeof ignored) > 0) {
    }
  }
}

Status DieWithParent(int channel) {
  if (LeftOut(Layer::kDieWithLauncher)) return {};
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return SystemError("parent death signal");
  // The parent may have died before the line above.
  pollfd peer = {channel, POLLIN, 0};
  if (poll(&peer, 1, 0) < 0 || (peer.revents & POLLHUP) != 0) return Status::Failed("parent gone");
  return {};
}

Status PrepareSelf(const Spec& spec, int channel) {
  if (Status status = DieWithParent(channel); !status.ok()) return status;
  if (Status status = MountStage(spec); !status.ok()) return status;
  if (Status status = WipeArguments(); !status.ok()) return status;
  prctl(PR_SET_NAME, "init", 0, 0, 0);
  if (!LeftOut(Layer::kInitUntraceable) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return SystemError("making init untraceable");
  }
  return {};
}

}  // namespace

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

void RunInit(const Spec& spec, const Filter& filter, const Command& command, int channel) {
  if (Status status = PrepareSelf(spec, channel); !status.ok()) {
    Give(channel, Kind::kNotStarted, 0, status.message());
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) Give(channel, Kind::kNotStarted, 0, "pipe2 failed");
  pid_t child = fork();
  if (child < 0) Give(channel, Kind::kNotStarted, 0, SystemError("fork").message());
  if (child == 0) {
    Status failure = ConfineAndExecute(spec, filter, command, ends[1]);
    Status written = WriteAll(ends[1], failure.message());
    _exit(written.ok() ? 127 : 126);
  }
  close(ends[1]);
  close(command.log);
  if (!LeftOut(Layer::kInitCapabilities) && CapabilitiesSet(0, 0, 0) != 0) {
    Give(channel, Kind::kNotStarted, 0, "capset failed");
  }
  Result<std::string> report = ReadAll(ends[0], kFailureTextMax);
  if (!report.ok()) Give(channel, Kind::kNotStarted, 0, report.message());
  Confined confined;
  bool stands = TakeConfined(&*report, &confined);
  if (stands) {
    Status sent = Send(channel, Kind::kConfined, {confined.landlock_abi}, confined.seccomp);
    if (!sent.ok()) _exit(1);
  }
  if (!stands || !report->empty()) Give(channel, Kind::kNotStarted, 0, *report);
  Give(channel, Kind::kExited, ReapUntilEnd(spec, child, channel), "");
}

}  // namespace sandbox
