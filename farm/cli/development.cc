#include "farm/cli/development.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/cli/init.h"
#include "farm/cli/ports.h"

namespace farm {
namespace {

using SteadyClock = std::chrono::steady_clock;

// A log of millions of entries is read before the signer is ready; a fresh daemon needs 0.1 s.
constexpr std::chrono::seconds kReadyDeadline{60};
// A daemon ends within a second of SIGTERM; a site first ends what runs in its sandboxes.
constexpr std::chrono::seconds kStopDeadline{10};
constexpr std::size_t kLogTailBytes = 2000;

volatile std::sig_atomic_t g_stop = 0;
void OnStopSignal(int) { g_stop = 1; }

struct Daemon {
  const Party* party;
  pid_t pid = -1;
  int ready_fd = -1;
};

std::string LogPath(const DevelopmentOptions& options, const Party& party) {
  return JoinPath(options.directory, "run/" + party.name + ".log");
}

std::vector<std::string> CommandOf(const DevelopmentOptions& options, const Party& party) {
  std::vector<std::string> command;
  if (party.first_subordinate_id != 0) {
    const std::string uid = std::to_string(party.uid);
    command = {JoinPath(options.programs, "farm-sandbox"),
               "monitor",
               "--uid",
               uid,
               "--gid",
               uid,
               "--subids",
               std::to_string(party.first_subordinate_id) + ":" + std::to_string(kSubordinateIds),
               "--"};
  }
  command.push_back(JoinPath(options.programs, party.program));
  command.push_back("--config");
  command.push_back(JoinPath(options.directory, "parties/" + party.name + "/config.json"));
  command.push_back("--die-with-parent");
  return command;
}

// In the child.  A site's monitor drops privileges itself; everybody else does it here.
[[noreturn]] void Become(const Party& party, const std::vector<std::string>& command, int output,
                         int log) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  setpgid(0, 0);  // ^C on the terminal is for the supervisor alone
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, 0);
  dup2(output, 1);
  dup2(log, 2);
  if (geteuid() == 0 && party.first_subordinate_id == 0 && party.uid != 0) {
    if (setgroups(0, nullptr) != 0 || setresgid(party.uid, party.uid, party.uid) != 0 ||
        setresuid(party.uid, party.uid, party.uid) != 0) {
      std::perror("dropping privileges");
      _exit(70);
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // cleared by the change of uid
  }
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const char* environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                               "LANG=C.UTF-8", "HOME=/nonexistent", nullptr};
  execve(argv[0], argv.data(), const_cast<char* const*>(environment));
  std::perror(argv[0]);
  _exit(70);
}

std::string ConfigPath(const DevelopmentOptions& options, const Party& party) {
  return JoinPath(options.directory, "parties/" + party.name + "/config.json");
}

Result<Daemon> Start(const DevelopmentOptions& options, const Party& party) {
  RETURN_IF_ERROR(CheckPortsFree(ConfigPath(options, party), party.name, options.directory));
  const std::vector<std::string> command = CommandOf(options, party);
  const int log = open(LogPath(options, party).c_str(),
                       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
  int ends[2];
  if (log < 0 || pipe2(ends, O_CLOEXEC) != 0) {
    return Error{ErrorCode::kUnavailable, "starting " + party.name + ": " + std::strerror(errno)};
  }
  const pid_t pid = fork();
  if (pid == 0) Become(party, command, ends[1], log);
  close(log);
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return Error{ErrorCode::kUnavailable, "starting " + party.name + ": no more processes"};
  }
  return Daemon{&party, pid, ends[0]};
}

Error Failed(const DevelopmentOptions& options, const Party& party, std::string_view what) {
  const std::string path = LogPath(options, party);
  std::string tail = ReadFile(path, 64 << 20).value_or("");
  tail = tail.substr(tail.size() - std::min(tail.size(), kLogTailBytes));
  return Error{ErrorCode::kUnavailable,
               party.name + " " + std::string(what) + "; the end of " + path + ":\n" + tail};
}

Status WaitUntilReady(const DevelopmentOptions& options, const Daemon& daemon) {
  const auto deadline = SteadyClock::now() + kReadyDeadline;
  std::string line;
  while (line.find('\n') == std::string::npos) {
    if (g_stop != 0) return Error{ErrorCode::kUnavailable, "stopped", ExitCode::kCancelled};
    if (SteadyClock::now() > deadline) {
      return Failed(options, *daemon.party, "is not ready after 60 s");
    }
    pollfd polled{daemon.ready_fd, POLLIN, 0};
    if (poll(&polled, 1, 100) <= 0) continue;
    char buffer[4096];
    const ssize_t count = read(daemon.ready_fd, buffer, sizeof buffer);
    if (count <= 0) return Failed(options, *daemon.party, "ended before it was ready");
    line.append(buffer, static_cast<std::size_t>(count));
  }
  return {};
}

void StopAll(const std::vector<Daemon>& daemons) {
  // Last started first: nobody calls a party that is gone.
  for (auto daemon = daemons.rbegin(); daemon != daemons.rend(); ++daemon) {
    kill(daemon->pid, SIGTERM);
    const auto deadline = SteadyClock::now() + kStopDeadline;
    while (waitpid(daemon->pid, nullptr, WNOHANG) == 0) {
      if (SteadyClock::now() > deadline) kill(-daemon->pid, SIGKILL);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    close(daemon->ready_fd);
  }
}

// Who of the parties starts, in order.
std::vector<const Party*> StartOrder(const DevelopmentOptions& options,
                                     const std::vector<Party>& parties) {
  std::vector<const Party*> order;
  const auto away = [&](const Party& party) {
    return std::find(options.without.begin(), options.without.end(), party.name) !=
           options.without.end();
  };
  for (const std::string_view program :
       {"farm-tsa", "farm-witness", "farm-log", "farm-signer", "farm-site", "farmd"}) {
    for (const Party& party : parties) {
      if (party.program == program && !away(party)) order.push_back(&party);
    }
  }
  return order;
}

// Serves until it is told to stop (success) or a daemon ends.
Status Supervise(const DevelopmentOptions& options, std::vector<Daemon>& daemons) {
  while (g_stop == 0) {
    for (Daemon& daemon : daemons) {
      if (waitpid(daemon.pid, nullptr, WNOHANG) != daemon.pid) continue;
      if (!options.restart) return Failed(options, *daemon.party, "ended by itself");
      std::this_thread::sleep_for(std::chrono::seconds(1));
      close(daemon.ready_fd);
      ASSIGN_OR_RETURN(daemon, Start(options, *daemon.party));
      RETURN_IF_ERROR(WaitUntilReady(options, daemon));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return {};
}

std::string PidPath(const std::string& directory) {
  return JoinPath(directory, "run/supervisor.pid");
}

// Holds a lock on the pid file as long as the farm runs.
Result<int> LockPidFile(const std::string& directory) {
  const int fd = open(PidPath(directory).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) {
    return Error{ErrorCode::kUnavailable, PidPath(directory) + ": " + std::strerror(errno)};
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    return Error{ErrorCode::kUnavailable, "a farm runs already in " + directory +
                                              "; stop it with `farm development stop --state " +
                                              directory + "`"};
  }
  const std::string text = std::to_string(getpid()) + "\n";
  if (ftruncate(fd, 0) != 0 ||
      pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    close(fd);
    return Error{ErrorCode::kUnavailable, "writing " + PidPath(directory)};
  }
  return fd;
}

}  // namespace

Status RunDevelopment(const DevelopmentOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<Party> parties, ReadParties(options.directory));
  RETURN_IF_ERROR(MakeDirectories(JoinPath(options.directory, "run"), 0755));
  ASSIGN_OR_RETURN(const int lock, LockPidFile(options.directory));
  if (options.detached) {
    setsid();
  } else {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
  }
  struct sigaction action {};
  action.sa_handler = OnStopSignal;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGHUP, &action, nullptr);

  std::vector<Daemon> daemons;
  Status status;
  for (const Party* party : StartOrder(options, parties)) {
    auto daemon = Start(options, *party);
    if (!daemon) {
      status = daemon.error();
      break;
    }
    daemons.push_back(*daemon);
    status = WaitUntilReady(options, *daemon);
    if (!status) break;
  }
  if (status) {
    std::puts("{\"ready\":true}");
    std::fflush(stdout);
    status = Supervise(options, daemons);
  }
  StopAll(daemons);
  close(lock);
  return status;
}

Status StopDevelopment(const std::string& directory) {
  auto text = ReadFile(PidPath(directory), 100);
  if (!text) return {};
  const auto pid = ParseDecimal(Split(*text, '\n')[0], 1 << 30);
  if (!pid) return Error{ErrorCode::kInvalidInput, PidPath(directory) + " holds no process id"};
  const int fd = open(PidPath(directory).c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return {};
  const auto deadline = SteadyClock::now() + std::chrono::seconds(60);
  // Whoever holds the lock is the farm: a pid alone may be somebody else's by now.
  bool told = false;
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (!told) kill(static_cast<pid_t>(*pid), SIGTERM);
    told = true;
    if (SteadyClock::now() > deadline) {
      close(fd);
      return Error{ErrorCode::kUnavailable, "the farm (process " + std::to_string(*pid) +
                                                ") does not end; look at " + directory + "/run"};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  close(fd);
  return {};
}

}  // namespace farm
