#include "sandbox/monitor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "sandbox/packet.h"
#include "sandbox/run_as.h"

namespace sandbox {
namespace {

constexpr int kCannotStart = 30;
constexpr int kMissing = 22;
constexpr std::size_t kSessionsMax = 256;
constexpr int kEndMilliseconds = 5000;

[[noreturn]] void Fail(const Status& status, int code) {
  std::fprintf(stderr, "farm-sandbox monitor: %s\n", status.message().c_str());
  _exit(code);
}

// What waits at the door: takes one packet off the socket and serves the session that it opens.
// The main process waits until it was taken, and has never a descriptor of the user's, which it
// might have to wait for even to close it.
[[noreturn]] void ServeNext(int door, int life, int taken, const MonitorConfig& config) {
  MonitorRequest request = {};
  Result<Packet> packet = ReceivePacket(door, {{&request, sizeof request}}, MSG_DONTWAIT);
  bool empty = packet.ok() && packet->bytes == 0;
  if (!WriteAll(taken, empty ? "0" : "1").ok() || empty || !packet.ok()) _exit(0);
  if (packet->bytes == sizeof request && request.magic == kMonitorMagic &&
      request.kind == RequestKind::kOpenSession && packet->fds.size() == 1) {
    int session = packet->fds[0].get();
    if (VerifySessionSocket(session, config.uid).ok() && CloseAllExcept({session, life}).ok()) {
      ServeSession(session, life, config);
    }
  }
  _exit(0);
}

// Starts a process for what waits at the door. False: nothing more can come.
bool OpenSession(const pollfd& door, int life, const MonitorConfig& config, std::size_t* sessions) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return true;
  UniqueFd taken(ends[0]);
  UniqueFd tell(ends[1]);
  pid_t pid = fork();
  if (pid == 0) ServeNext(door.fd, life, tell.get(), config);
  tell.reset();
  if (pid > 0) ++*sessions;
  char byte = '1';
  bool nothing = read(taken.get(), &byte, 1) == 1 && byte == '0';
  return !nothing || (door.revents & POLLHUP) == 0;
}

}  // namespace

int RunMonitor(const MonitorConfig& config, const std::vector<std::string>& command) {
  if (geteuid() != 0) Fail(Status::Failed("must be started as root"), kCannotStart);
  sigset_t handled;
  sigemptyset(&handled);
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&handled, signal);
  sigprocmask(SIG_BLOCK, &handled, nullptr);
  UniqueFd signals(signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  int ends[2];
  if (!signals.valid() || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    Fail(SystemError("making the socket"), kCannotStart);
  }
  UniqueFd door(ends[0]);
  UniqueFd theirs(ends[1]);
  pid_t child = fork();
  if (child < 0) Fail(SystemError("fork"), kCannotStart);
  if (child == 0) {
    fcntl(theirs.get(), F_SETFD, 0);
    setenv(kMonitorVariable, std::to_string(theirs.get()).c_str(), 1);
    Status failed = RunAs(config.uid, config.gid, command);
    Fail(failed, errno == ENOENT ? kMissing : kCannotStart);
  }
  theirs.reset();
  // Each session is served by a process of its own, which ends when this pipe hangs up.
  if (pipe2(ends, O_CLOEXEC) != 0) Fail(SystemError("pipe2"), kCannotStart);
  UniqueFd life(ends[0]);
  UniqueFd our_life(ends[1]);

  int result = -1;
  std::size_t sessions = 0;
  std::int64_t deadline = 0;
  while (result < 0 || (sessions > 0 && NowMilliseconds() < deadline)) {
    pollfd polls[2] = {{signals.get(), POLLIN, 0},
                       {sessions < kSessionsMax ? door.get() : -1, POLLIN, 0}};
    if (poll(polls, 2, result < 0 ? -1 : kEndMilliseconds) < 0) continue;
    if (polls[1].revents != 0 && !OpenSession(polls[1], life.get(), config, &sessions)) {
      door.reset();
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
      deadline = NowMilliseconds() + kEndMilliseconds;
      door.reset();
      our_life.reset();
    }
  }
  return result;
}

}  // namespace sandbox
