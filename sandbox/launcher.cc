#include "sandbox/launcher.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

#include "sandbox/command_line.h"
#include "sandbox/doctor.h"
#include "sandbox/help.h"
#include "sandbox/limits.h"
#include "sandbox/monitor.h"
#include "sandbox/remove.h"
#include "sandbox/run.h"
#include "sandbox/short_write.h"
#include "sandbox/system.h"

namespace sandbox {
namespace {

constexpr int kUsage = 2;
constexpr int kMissing = 22;
constexpr int kNotHere = 30;
constexpr int kCannot = 70;
constexpr int kResultMilliseconds = 10000;
constexpr int kRetryMilliseconds = 20;  // of a descriptor that somebody has made not to wait

int Complain(const std::string& message) {
  std::fprintf(stderr, "farm-sandbox: %s\n", message.c_str());
  return kUsage;
}

// Nobody may keep the launcher for good by reading nothing.
Status WriteResult(int fd, std::string_view text) {
  std::int64_t end = NowMilliseconds() + kResultMilliseconds;
  while (!text.empty()) {
    std::int64_t left = end - NowMilliseconds();
    if (left <= 0) return Status::Failed("nobody reads the result");
    ssize_t count = WriteWithin(static_cast<int>(left), fd, text);
    if (count < 0 && errno == EAGAIN) poll(nullptr, 0, kRetryMilliseconds);
    if (count < 0 && errno != EINTR && errno != EAGAIN) return SystemError("writing the result");
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

int RunCommand(const std::vector<std::string>& words, HostRoot host_root) {
  // A caller that dies takes the run along.
  pid_t parent = getppid();
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent) return kCannot;
  Result<RunRequest> request = ParseRun(words);
  if (!request.ok()) return Complain(request.message());
  // Whatever the caller's is, what is made for him has the modes that are said.
  umask(022);
  // What is too large for his limit on files is an error of writing.
  signal(SIGXFSZ, SIG_IGN);
  request->spec.allow_host_root_unsafe = host_root == HostRoot::kMayBeMappedUnsafe;
  if (!RaiseOpenFiles().ok()) return kCannot;
  Outcome outcome = Run(request->spec);
  // Whoever cannot be told must not think that all is well.
  if (!WriteResult(request->result_fd, ToJson(outcome)).ok()) return kCannot;
  return ExitCode(outcome);
}

// Takes the options that monitor and remove share; leaves the rest in `*rest`.
struct Identity {
  Spec spec;
  MonitorConfig config;
  std::string cgroup_name = kCgroupName;
};

Status TakeIdentity(const std::vector<std::string>& words, Identity* identity,
                    std::vector<std::string>* rest) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& name = words[i];
    if (name == "--" || name.rfind("--", 0) != 0) {
      rest->assign(words.begin() + static_cast<std::ptrdiff_t>(i) + (name == "--" ? 1 : 0),
                   words.end());
      return {};
    }
    if (++i == words.size()) return Status::Failed(name + ": want a word");
    if (name == "--subids") {
      Result<IdRange> range = ParseIdRange(words[i]);
      if (!range.ok()) return range.status();
      identity->spec.subids = identity->config.subids = *range;
    } else if (name == "--cgroup-name") {
      if (words[i].empty() || words[i].find_first_of("/.") != std::string::npos) {
        return Status::Failed("--cgroup-name: want a name without / and .");
      }
      identity->cgroup_name = words[i];
    } else if (name == "--uid" || name == "--gid" || name == "--monitor-fd") {
      Result<std::uint64_t> value = ParseCount(name, words[i], INT32_MAX);
      if (!value.ok()) return value.status();
      if (name == "--uid") identity->config.uid = static_cast<uid_t>(*value);
      if (name == "--gid") identity->config.gid = static_cast<gid_t>(*value);
      if (name == "--monitor-fd") identity->spec.monitor_fd = static_cast<int>(*value);
    } else {
      return Status::Failed(name + ": no such option (see --help)");
    }
  }
  return {};
}

int MonitorCommand(const std::vector<std::string>& words) {
  Identity identity;
  std::vector<std::string> command;
  Status status = TakeIdentity(words, &identity, &command);
  if (!status.ok()) return Complain(status.message());
  if (command.empty()) return Complain("monitor: want a command after --");
  if (identity.config.uid == 0 || identity.config.gid == 0) {
    return Complain("monitor: --uid and --gid must be given, and not 0");
  }
  if (identity.config.subids.count == 0) return Complain("monitor: want --subids BASE:COUNT");
  identity.config.groups = OpenCgroupTree(identity.cgroup_name);
  return RunMonitor(identity.config, command);
}

int RemoveCommand(const std::vector<std::string>& words, HostRoot host_root) {
  Identity identity;
  identity.spec.allow_host_root_unsafe = host_root == HostRoot::kMayBeMappedUnsafe;
  std::vector<std::string> paths;
  Status status = TakeIdentity(words, &identity, &paths);
  if (status.ok()) status = TakeMonitorFromEnvironment(&identity.spec);
  if (!status.ok()) return Complain(status.message());
  if (paths.size() != 1) return Complain("remove: want one folder");
  if (Status removed = RemoveTree(identity.spec, paths[0]); !removed.ok()) {
    std::fprintf(stderr, "farm-sandbox: %s\n", removed.message().c_str());
    return access(paths[0].c_str(), F_OK) == 0 ? kNotHere : kMissing;
  }
  return 0;
}

// A descriptor 0, 1 or 2 that is closed would be taken by one of ours.
void OpenStandardDescriptors() {
  int fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd < 3) fd = open("/dev/null", O_RDWR);
  if (fd >= 3) close(fd);
}

}  // namespace

int LauncherMain(int argc, char** argv, HostRoot host_root) {
  OpenStandardDescriptors();
  std::vector<std::string> words(argv + 1, argv + argc);
  std::string command = words.empty() ? "" : words[0];
  if (!words.empty()) words.erase(words.begin());
  bool is_command =
      command == "run" || command == "monitor" || command == "remove" || command == "doctor";
  bool wants_help = command == "--help" || command == "help" ||
                    (is_command && !words.empty() && (words[0] == "--help" || words[0] == "-h"));
  if (wants_help) return WriteAll(1, kHelp).ok() ? 0 : kCannot;
  if (command == "run") return RunCommand(words, host_root);
  if (command == "monitor") return MonitorCommand(words);
  if (command == "remove") return RemoveCommand(words, host_root);
  if (command == "doctor" && words.empty()) return Doctor(false);
  if (command == "doctor" && words == std::vector<std::string>{"--json"}) return Doctor(true);
  return Complain("want run, monitor, doctor, remove or --help");
}

}  // namespace sandbox
