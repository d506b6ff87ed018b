#include "sandbox/monitor.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "sandbox/layers.h"

namespace sandbox {
namespace {

constexpr int kCannotStart = 30;
constexpr int kMissing = 22;
constexpr std::size_t kSessionsMax = 256;
constexpr int kEndMilliseconds = 5000;  // without the end of a session

[[noreturn]] void Fail(const Status& status, int code) {
  std::fprintf(stderr, "farm-sandbox monitor: %s\n", status.message().c_str());
  _exit(code);
}

// Makes this process, a child of `monitor`, the user's, with no other group and no capability, in a
// session without root's terminal, that dies with its parent.
Status BecomeUser(const MonitorConfig& config, pid_t monitor) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // A terminal of root's must not take the user's input for root's.
  if (setsid() < 0) return SystemError("setsid");
  if (setgroups(0, nullptr) != 0 || setresgid(config.gid, config.gid, config.gid) != 0 ||
      setresuid(config.uid, config.uid, config.uid) != 0) {
    return SystemError("dropping to the user");
  }
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct no_capability[2] = {};
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 ||
      syscall(SYS_capset, &header, no_capability) != 0) {
    return SystemError("dropping capabilities");
  }
  // After the change of ids, which forgets it.
  if (!LeftOut(Layer::kDieWithLauncher) &&
      (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != monitor)) {
    return SystemError("dying with the monitor");
  }
  return {};
}

[[noreturn]] void RunCommand(const MonitorConfig& config, pid_t monitor, int door,
                             const std::vector<std::string>& command) {
  fcntl(door, F_SETFD, 0);
  setenv(kMonitorVariable, std::to_string(door).c_str(), 1);
  if (Status user = BecomeUser(config, monitor); !user.ok()) Fail(user, kCannotStart);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  int code = errno == ENOENT ? kMissing : kCannotStart;
  Fail(SystemError("executing " + command[0]), code);
}

// What the main process keeps beside its signals.
struct Ends {
  UniqueFd door;
  UniqueFd life;      // what sessions watch
  UniqueFd our_life;  // its other end
};

// Starts a process for what waits at the door, and waits until it has taken it: so the main process
// has never a descriptor of the user's, which it might have to wait for even to close it.
bool OpenSession(Ends* ends, const MonitorConfig& config) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return false;
  UniqueFd taken(fds[0]);
  UniqueFd untaken(fds[1]);
  pid_t pid = fork();
  if (pid == 0) {
    ends->our_life.reset();
    ServeNext(std::move(ends->door), std::move(untaken), ends->life.get(), config);
    _exit(0);
  }
  untaken.reset();
  char byte;
  while (read(taken.get(), &byte, 1) < 0 && errno == EINTR) {
  }
  return pid > 0;
}

}  // namespace

int RunMonitor(const MonitorConfig& config, const std::vector<std::string>& command) {
  if (geteuid() != 0) Fail(Status::Failed("must be started as root"), kCannotStart);
  sigset_t handled;
  sigemptyset(&handled);
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD}) sigaddset(&handled, signal);
  sigprocmask(SIG_BLOCK, &handled, nullptr);
  UniqueFd signals(signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  int door[2];
  int life[2];
  if (!signals.valid() || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, door) != 0 ||
      pipe2(life, O_CLOEXEC) != 0) {
    Fail(SystemError("making the socket"), kCannotStart);
  }
  pid_t monitor = getpid();
  pid_t child = fork();
  if (child < 0) Fail(SystemError("fork"), kCannotStart);
  if (child == 0) RunCommand(config, monitor, door[1], command);
  close(door[1]);
  Ends ends = {UniqueFd(door[0]), UniqueFd(life[0]), UniqueFd(life[1])};

  int result = -1;
  std::size_t sessions = 0;
  while (result < 0 || sessions > 0) {
    int opening = sessions < kSessionsMax ? ends.door.get() : -1;
    pollfd polls[2] = {{signals.get(), POLLIN, 0}, {opening, POLLIN, 0}};
    if (poll(polls, 2, result < 0 ? -1 : kEndMilliseconds) == 0) break;
    if ((polls[1].revents & POLLHUP) != 0) {
      ends.door.reset();  // whoever could wait for an answer has it open
    } else if (polls[1].revents != 0 && OpenSession(&ends, config)) {
      ++sessions;
    }
    signalfd_siginfo info;
    while (read(signals.get(), &info, sizeof info) == sizeof info) {
      if (info.ssi_signo != SIGCHLD && result < 0) kill(child, static_cast<int>(info.ssi_signo));
    }
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid != child) {
        --sessions;
        continue;
      }
      result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      ends = {};  // each session ends when its life hangs up
    }
  }
  return result;
}

}  // namespace sandbox
