#include "sandbox/monitor.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace sandbox {
namespace {

constexpr int kCannotStart = 30;

constexpr int kMissing = 22;

[[noreturn]] void Fail(const Status& status, int code = kCannotStart) {
  std::fprintf(stderr, "farm-sandbox monitor: %s\n", status.message().c_str());
  _exit(code);
}

[[noreturn]] void BecomeCommand(const MonitorConfig& config, int socket,
                                const std::vector<std::string>& command) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (setgroups(0, nullptr) != 0 || setresgid(config.gid, config.gid, config.gid) != 0 ||
      setresuid(config.uid, config.uid, config.uid) != 0) {
    Fail(SystemError("dropping to the user"));
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 ||
      CapabilitiesSet(0, 0, 0) != 0) {
    Fail(SystemError("dropping capabilities"));
  }
  // After the change of ids, which forgets it.
  pid_t parent = getppid();
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent) _exit(kCannotStart);
  if (fcntl(socket, F_SETFD, 0) != 0 ||
      setenv(kMonitorVariable, std::to_string(socket).c_str(), 1) != 0) {
    Fail(SystemError("handing on the socket"));
  }
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  Status failed = SystemError("executing " + command[0]);
  if (errno == ENOENT) Fail(failed, kMissing);
  Fail(failed);
}

}  // namespace

int RunMonitor(const MonitorConfig& config, const std::vector<std::string>& command) {
  if (geteuid() != 0) Fail(Status::Failed("must be started as root"));
  sigset_t handled;
  sigemptyset(&handled);
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&handled, signal);
  sigprocmask(SIG_BLOCK, &handled, nullptr);
  UniqueFd signals(signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  int ends[2];
  if (!signals.valid() || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    Fail(SystemError("making the socket"));
  }
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  pid_t child = fork();
  if (child < 0) Fail(SystemError("fork"));
  if (child == 0) BecomeCommand(config, theirs.get(), command);
  theirs.reset();

  int status = 0;
  bool exited = false;
  auto on_event = [&] {
    signalfd_siginfo info;
    while (read(signals.get(), &info, sizeof info) == sizeof info) {
      int signal = static_cast<int>(info.ssi_signo);
      if (signal != SIGCHLD) kill(child, signal);
    }
    exited = exited || waitpid(child, &status, WNOHANG) == child;
    return exited;
  };
  ServeMonitor(ours.get(), config, signals.get(), on_event);
  if (!exited) {
    // The command closed the socket and lives on. It has nobody to ask any more.
    while (!exited) {
      pollfd wait = {signals.get(), POLLIN, 0};
      if (poll(&wait, 1, -1) > 0) on_event();
    }
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace sandbox
