#include "sandbox/monitor_client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "sandbox/channel.h"
#include "sandbox/monitor.h"
#include "sandbox/packet.h"

namespace sandbox {
namespace {

struct Reply {
  MonitorReply body = {};
  std::vector<UniqueFd> fds;
};

Result<Reply> ReceiveReply(int socket) {
  Reply reply;
  Result<Packet> packet = ReceivePacket(socket, {{&reply.body, sizeof reply.body}}, 0);
  if (!packet.ok() || packet->bytes != sizeof reply.body || reply.body.magic != kMonitorMagic) {
    return Status::Failed("the monitor is gone");
  }
  reply.fds = std::move(packet->fds);
  if (reply.body.failed != 0) {
    reply.body.text[sizeof reply.body.text - 1] = '\0';
    return Status::Failed(std::string("the monitor: ") + reply.body.text);
  }
  return reply;
}

// A group that the kernel does not let go is not waited for longer.
constexpr int kBurialMilliseconds = 10000;

class MonitorClient : public Authority {
 public:
  // own: this process's child, which serves nobody else; -1: another's.
  MonitorClient(UniqueFd session, pid_t own) : session_(std::move(session)), own_(own) {}
  // Whoever sees our end sees no group of ours any more.
  ~MonitorClient() override {
    session_.reset();
    if (own_ < 0) return;
    UniqueFd end(PidfdOpen(own_));
    pollfd wait = {end.get(), POLLIN, 0};
    if (end.valid() && poll(&wait, 1, kBurialMilliseconds) == 1) waitpid(own_, nullptr, 0);
  }

  Result<bool> MapIds(const Subject& subject) override {
    Result<Reply> reply = Ask(RequestKind::kMapIds, {}, {subject.pidfd});
    if (!reply.ok()) return reply.status();
    return true;
  }

  Result<UniqueFd> MountRootImage(int image, int user_namespace) override {
    Result<Reply> reply = Ask(RequestKind::kMountImage, {}, {image, user_namespace});
    if (!reply.ok()) return reply.status();
    if (reply->fds.size() != 1) return Status::Failed("the monitor sent no mount");
    return std::move(reply->fds[0]);
  }

  Result<int> MakeCgroup(const Subject& subject, const CgroupLimits& limits,
                         std::string* why) override {
    return TakeGroup(Ask(RequestKind::kMakeCgroup, limits, {subject.pidfd}), why);
  }

  bool AskForCgroup(const CgroupLimits& limits) override {
    return own_ > 0 && SendRequest(RequestKind::kMakeCgroup, limits, {}).ok();
  }

  int TakeCgroup(std::string* why, std::vector<int>* folders) override {
    int version = TakeGroup(ReceiveReply(session_.get()), why);
    for (const UniqueFd& folder : group_) folders->push_back(folder.get());
    return version;
  }

  CgroupUsage ReadCgroup() override { return ReadCgroupUsage(group_); }

  // The end of the session is the end of all in it.
  void KillCgroup() override { session_.reset(); }

 private:
  Status SendRequest(RequestKind kind, const CgroupLimits& limits, const std::vector<int>& fds) {
    MonitorRequest request = {kMonitorMagic, kind, limits.memory_bytes, limits.pids};
    return SendPacket(session_.get(), {{&request, sizeof request}}, fds, 0);
  }

  Result<Reply> Ask(RequestKind kind, const CgroupLimits& limits, const std::vector<int>& fds) {
    Status sent = SendRequest(kind, limits, fds);
    if (!sent.ok()) return sent;
    return ReceiveReply(session_.get());
  }

  int TakeGroup(Result<Reply> reply, std::string* why) {
    if (!reply.ok()) {
      *why = reply.message();
      return 0;
    }
    group_ = std::move(reply->fds);
    return int{reply->body.version};
  }

  UniqueFd session_;
  pid_t own_;
  std::vector<UniqueFd> group_;  // its folders
};

}  // namespace

std::unique_ptr<Authority> AskMonitor(UniqueFd session) {
  return std::make_unique<MonitorClient>(std::move(session), -1);
}

Result<std::unique_ptr<Authority>> OpenMonitorSession(int monitor) {
  Result<ChannelPair> pair = MakeChannel();
  if (!pair.ok()) return pair.status();
  MonitorRequest request = {kMonitorMagic, RequestKind::kOpenSession, 0, 0};
  Status sent = SendPacket(monitor, {{&request, sizeof request}}, {pair->second.get()}, 0);
  if (!sent.ok()) {
    return Status::Failed(sent.message() +
                          " (is --monitor-fd the socket of farm-sandbox monitor?)");
  }
  return AskMonitor(std::move(pair->first));
}

Result<std::unique_ptr<Authority>> StartOwnMonitor(const IdRange& subids) {
  Result<ChannelPair> pair = MakeChannel();
  if (!pair.ok()) return pair.status();
  pid_t pid = fork();
  if (pid < 0) return SystemError("fork");
  if (pid == 0) {
    // It must outlive us by the moment that it takes to clear up, and no signal meant for us may
    // stop it.
    if (setsid() < 0 || !CloseAllExcept({pair->second.get()}).ok()) _exit(1);
    for (int fd : {0, 1, 2}) close(fd);
    int null = open("/dev/null", O_RDWR);
    static_cast<void>(dup(null));
    static_cast<void>(dup(null));
    MonitorConfig config;
    config.uid = geteuid();
    config.subids = subids;
    config.groups = OpenCgroupTree(kCgroupName);
    ServeSession(pair->second.get(), -1, config);
    _exit(0);
  }
  return std::unique_ptr<Authority>(new MonitorClient(std::move(pair->first), pid));
}

}  // namespace sandbox
