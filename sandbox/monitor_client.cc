#include "sandbox/monitor_client.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "sandbox/channel.h"
#include "sandbox/monitor.h"

namespace sandbox {
namespace {

Status SendRequest(int socket, const MonitorRequest& request, const std::vector<int>& fds) {
  iovec part = {const_cast<MonitorRequest*>(&request), sizeof request};
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(c), fds.data(), fds.size() * sizeof(int));
  }
  if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0) return SystemError("asking the monitor");
  return {};
}

struct Reply {
  MonitorReply body = {};
  UniqueFd fd;
};

Result<Reply> ReceiveReply(int socket) {
  Reply reply;
  iovec part = {&reply.body, sizeof reply.body};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t count;
  do {
    count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  if (cmsghdr* c = CMSG_FIRSTHDR(&message);
      count > 0 && c != nullptr && c->cmsg_type == SCM_RIGHTS) {
    int fd;
    std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
    reply.fd = UniqueFd(fd);
  }
  if (count != static_cast<ssize_t>(sizeof reply.body) || reply.body.magic != kMonitorMagic) {
    return Status::Failed("the monitor is gone");
  }
  if (reply.body.failed != 0) {
    reply.body.text[sizeof reply.body.text - 1] = '\0';
    return Status::Failed(std::string("the monitor: ") + reply.body.text);
  }
  return reply;
}

class MonitorClient : public Authority {
 public:
  explicit MonitorClient(UniqueFd session) : session_(std::move(session)) {}

  Result<bool> MapIds(const Subject& subject) override {
    Result<Reply> reply = Ask(RequestKind::kMapIds, {}, {subject.pidfd});
    if (!reply.ok()) return reply.status();
    return true;
  }

  Result<UniqueFd> MountRootImage(int image, int user_namespace) override {
    Result<Reply> reply = Ask(RequestKind::kMountImage, {}, {image, user_namespace});
    if (!reply.ok()) return reply.status();
    if (!reply->fd.valid()) return Status::Failed("the monitor sent no mount");
    return std::move(reply->fd);
  }

  Result<int> MakeCgroup(const Subject& subject, const CgroupLimits& limits,
                         std::string* why) override {
    Result<Reply> reply = Ask(RequestKind::kMakeCgroup, limits, {subject.pidfd});
    if (!reply.ok()) {
      *why = reply.message();
      return 0;
    }
    has_group_ = true;
    return static_cast<int>(reply->body.values[0]);
  }

  CgroupUsage ReadCgroup() override {
    if (!has_group_) return {};
    Result<Reply> reply = Ask(RequestKind::kReadCgroup, {}, {});
    if (!reply.ok()) return {};
    return {reply->body.values[0], reply->body.values[1], reply->body.values[2]};
  }

  void KillCgroup() override {
    if (!has_group_) return;
    // If it fails the monitor is gone, and with it its promise; the pid namespace dies anyway.
    Result<Reply> ignored = Ask(RequestKind::kKillCgroup, {}, {});
    static_cast<void>(ignored.ok());
  }

 private:
  Result<Reply> Ask(RequestKind kind, const CgroupLimits& limits, const std::vector<int>& fds) {
    MonitorRequest request = {kMonitorMagic, kind, limits.memory_bytes, limits.pids};
    Status sent = SendRequest(session_.get(), request, fds);
    if (!sent.ok()) return sent;
    return ReceiveReply(session_.get());
  }

  UniqueFd session_;
  bool has_group_ = false;
};

}  // namespace

Result<std::unique_ptr<Authority>> OpenMonitorSession(int monitor) {
  Result<ChannelPair> pair = MakeChannel();
  if (!pair.ok()) return pair.status();
  MonitorRequest request = {kMonitorMagic, RequestKind::kOpenSession, 0, 0};
  Status sent = SendRequest(monitor, request, {pair->second.get()});
  if (!sent.ok()) {
    return Status::Failed(sent.message() +
                          " (is --monitor-fd the socket of farm-sandbox monitor?)");
  }
  return std::unique_ptr<Authority>(new MonitorClient(std::move(pair->first)));
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
    ServeMonitor(pair->second.get(), config, -1, [] { return false; });
    _exit(0);
  }
  pair->second.reset();
  return OpenMonitorSession(pair->first.get());
}

}  // namespace sandbox
