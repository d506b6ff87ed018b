#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <list>
#include <memory>
#include <optional>

#include "sandbox/image.h"
#include "sandbox/layers.h"
#include "sandbox/monitor.h"

namespace sandbox {
namespace {

constexpr std::size_t kSessionsMax = 256;
constexpr int kRetryMilliseconds = 20;
constexpr std::int64_t kFinishMilliseconds = 5000;
constexpr std::size_t kRequestFdsMax = 2;

struct Request {
  MonitorRequest body = {};
  std::vector<UniqueFd> fds;
};

struct Session {
  UniqueFd socket;
  std::optional<Cgroup> group;
};

// False: nothing there, or the peer is gone (`*closed`).
bool ReceiveRequest(int socket, Request* request, bool* closed) {
  iovec part = {&request->body, sizeof request->body};
  alignas(cmsghdr) char control[CMSG_SPACE(kRequestFdsMax * sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (count < 0) {
    *closed = errno != EAGAIN && errno != EINTR;
    return false;
  }
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
      request->fds.emplace_back(fd);
    }
  }
  *closed = count == 0;
  return count == static_cast<ssize_t>(sizeof request->body) &&
         request->body.magic == kMonitorMagic;
}

void Answer(int socket, const Status& status, const std::vector<std::int64_t>& values, int fd) {
  MonitorReply reply = {};
  reply.magic = kMonitorMagic;
  reply.failed = status.ok() ? 0 : 1;
  std::copy_n(values.begin(), std::min<std::size_t>(values.size(), 3), reply.values);
  if (!status.ok()) {
    status.message().copy(reply.text, sizeof reply.text - 1);
  }
  iovec part = {&reply, sizeof reply};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(c), &fd, sizeof fd);
  }
  // A launcher that does not listen has lost its answer.
  if (sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;
}

class Service {
 public:
  Service(int socket, MonitorConfig config)
      : socket_(socket), config_(std::move(config)), tree_(OpenCgroupTree(config_.cgroup_name)) {}

  void Serve(int events, const std::function<bool()>& on_event);
  void Finish();

 private:
  void OpenSession();
  bool ServeSession(Session* session);  // false: over
  void HandleRequest(Session* session, const Request& request);
  Status MakeGroup(Session* session, const Request& request);
  void Bury(Session* session);
  void RemoveDying();

  int socket_;
  MonitorConfig config_;
  CgroupTree tree_;
  std::list<Session> sessions_;
  std::vector<Cgroup> dying_;
  std::uint64_t next_group_ = 1;
  bool socket_closed_ = false;
};

void Service::OpenSession() {
  Request request;
  if (!ReceiveRequest(socket_, &request, &socket_closed_)) return;
  if (request.body.kind != RequestKind::kOpenSession || request.fds.size() != 1) return;
  if (sessions_.size() >= kSessionsMax) return;  // closing the socket says so
  sessions_.push_back({std::move(request.fds[0]), std::nullopt});
}

Status Service::MakeGroup(Session* session, const Request& request) {
  if (session->group.has_value()) return Status::Failed("this session has a cgroup already");
  int pidfd = request.fds[0].get();
  Result<UsersProcess> process = OpenUsersProcess(pidfd, config_);
  if (!process.ok()) return process.status();
  std::string name = std::to_string(getpid()) + "-" + std::to_string(next_group_++);
  Result<Cgroup> group = Cgroup::Make(tree_, name, {request.body.memory_bytes, request.body.pids});
  if (!group.ok()) return group.status();
  Status added = group->Add(process->pid);
  // If it lives still, the number was its own; if not, it may have been another's, who must not
  // stay in a group that we kill.
  if (added.ok() && PidfdSendSignal(pidfd, 0) != 0) added = SystemError("the process is gone");
  if (!added.ok()) {
    group->Release();
    return added;
  }
  session->group = *group;
  return {};
}

void Service::HandleRequest(Session* session, const Request& request) {
  int socket = session->socket.get();
  auto with_fds = [&request](std::size_t count) { return request.fds.size() == count; };
  switch (request.body.kind) {
    case RequestKind::kMapIds:
      if (!with_fds(1)) break;
      return Answer(socket, MapIdsOf(request.fds[0].get(), config_), {}, -1);
    case RequestKind::kMountImage: {
      if (!with_fds(2)) break;
      Result<UniqueFd> mount =
          MountImage(request.fds[0].get(), request.fds[1].get(), ImageBacking::kFileElseLoop);
      if (!mount.ok()) return Answer(socket, mount.status(), {}, -1);
      return Answer(socket, {}, {}, mount->get());
    }
    case RequestKind::kMakeCgroup: {
      if (!with_fds(1)) break;
      Status status = MakeGroup(session, request);
      return Answer(socket, status, {tree_.version}, -1);
    }
    case RequestKind::kReadCgroup: {
      if (!session->group.has_value()) break;
      CgroupUsage usage = session->group->Usage();
      return Answer(socket, {},
                    {usage.cpu_microseconds, usage.memory_bytes_max, usage.kills_for_memory}, -1);
    }
    case RequestKind::kKillCgroup:
      if (!session->group.has_value()) break;
      session->group->Kill();
      return Answer(socket, {}, {}, -1);
    case RequestKind::kOpenSession:
      break;
  }
  Answer(socket, Status::Failed("malformed request"), {}, -1);
}

bool Service::ServeSession(Session* session) {
  Request request;
  bool closed = false;
  if (ReceiveRequest(session->socket.get(), &request, &closed)) HandleRequest(session, request);
  return !closed;
}

void Service::Bury(Session* session) {
  if (!session->group.has_value()) return;
  session->group->Kill();
  dying_.push_back(*session->group);
}

void Service::RemoveDying() {
  std::erase_if(dying_, [](Cgroup& group) {
    if (group.Remove()) return true;
    group.Kill();
    return false;
  });
}

void Service::Serve(int events, const std::function<bool()>& on_event) {
  while (!socket_closed_ || !sessions_.empty()) {
    std::vector<pollfd> polls = {{events, POLLIN, 0}, {socket_closed_ ? -1 : socket_, POLLIN, 0}};
    for (Session& session : sessions_) polls.push_back({session.socket.get(), POLLIN, 0});
    if (poll(polls.data(), polls.size(), dying_.empty() ? -1 : kRetryMilliseconds) < 0) continue;
    if (polls[0].revents != 0 && on_event()) return;
    // Sessions first: opening one would shift the numbering.
    std::size_t index = 2;
    for (auto session = sessions_.begin(); session != sessions_.end();) {
      if (polls[index++].revents == 0 || ServeSession(&*session)) {
        ++session;
        continue;
      }
      Bury(&*session);
      session = sessions_.erase(session);
    }
    if (polls[1].revents != 0) OpenSession();
    RemoveDying();
  }
}

void Service::Finish() {
  for (Session& session : sessions_) Bury(&session);
  sessions_.clear();
  std::int64_t deadline = NowMilliseconds() + kFinishMilliseconds;
  RemoveDying();
  while (!dying_.empty() && NowMilliseconds() < deadline) {
    poll(nullptr, 0, kRetryMilliseconds);
    RemoveDying();
  }
}

}  // namespace

Result<pid_t> ParsePidfdInfo(const std::string& text) {
  constexpr std::string_view kKey = "Pid:\t";
  for (const std::string& line : Split(text, '\n')) {
    if (line.rfind(kKey, 0) != 0) continue;
    std::uint64_t pid = 0;
    if (ParseNumber(std::string_view(line).substr(kKey.size()), INT32_MAX, &pid) && pid > 0) {
      return static_cast<pid_t>(pid);
    }
  }
  return Status::Failed("not a pidfd of a living process");
}

Result<UsersProcess> OpenUsersProcess(int pidfd, const MonitorConfig& config) {
  std::string info = "/proc/self/fdinfo/" + std::to_string(pidfd);
  Result<std::string> text = ReadFile(info.c_str(), 4096);
  if (!text.ok()) return text.status();
  Result<pid_t> pid = ParsePidfdInfo(*text);
  if (!pid.ok()) return pid.status();
  UsersProcess process;
  process.pid = *pid;
  std::string path = "/proc/" + std::to_string(*pid);
  process.directory = UniqueFd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!process.directory.valid()) return SystemError("opening " + path);
  // If it lives now, the number was its own when the folder was opened.
  if (PidfdSendSignal(pidfd, 0) != 0) return SystemError("the process is gone");
  struct stat status = {};
  if (fstat(process.directory.get(), &status) != 0) return SystemError("stat " + path);
  if (status.st_uid != config.uid && !LeftOut(Layer::kMonitorOwner)) {
    return Status::Failed("the process belongs to another user than the monitor serves");
  }
  return process;
}

Status MapIdsOf(int pidfd, const MonitorConfig& config) {
  Result<UsersProcess> process = OpenUsersProcess(pidfd, config);
  if (!process.ok()) return process.status();
  if (config.subids.base == 0 || config.subids.count == 0) {
    return Status::Failed("the monitor has no range of ids to give");
  }
  std::string map =
      "0 " + std::to_string(config.subids.base) + " " + std::to_string(config.subids.count) + "\n";
  for (const char* file : {"gid_map", "uid_map"}) {
    Status written = WriteControlFile(process->directory.get(), file, map);
    if (!written.ok()) return written;
  }
  return {};
}

void ServeMonitor(int socket, const MonitorConfig& config, int events,
                  const std::function<bool()>& on_event) {
  Service service(socket, config);
  service.Serve(events, on_event);
  service.Finish();
}

}  // namespace sandbox
