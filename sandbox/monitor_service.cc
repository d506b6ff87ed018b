#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <optional>

#include "sandbox/image.h"
#include "sandbox/layers.h"
#include "sandbox/monitor.h"
#include "sandbox/packet.h"

namespace sandbox {
namespace {

// The processes of a group are gone some moments after they were killed.
constexpr long kFirstBurialNanoseconds = 50'000;
constexpr long kBurialNanosecondsMax = 20'000'000;
constexpr int kBurialsMax = 3000;
constexpr std::uint64_t kMemoryBytesMax = std::uint64_t{1} << 50;
constexpr std::uint64_t kPidsMax = std::uint64_t{1} << 31;

using Descriptors = std::vector<UniqueFd>;

// A process of the user's: `directory` is its folder in /proc, which stands for this one process;
// `pid` is a number, which stands for it only as long as the pidfd says that it lives.
struct UsersProcess {
  pid_t pid = -1;
  UniqueFd directory;
};

bool IsAlive(int pidfd) { return syscall(SYS_pidfd_send_signal, pidfd, 0, nullptr, 0) == 0; }

Result<UsersProcess> OpenUsersProcess(int pidfd, const MonitorConfig& config) {
  // Of what is no pidfd, nothing is read.
  if (!IsAlive(pidfd)) return SystemError("the process is gone");
  std::string info = "/proc/self/fdinfo/" + std::to_string(pidfd);
  UniqueFd file(open(info.c_str(), O_RDONLY | O_CLOEXEC));
  char text[512] = {};
  if (read(file.get(), text, sizeof text - 1) < 0) return SystemError("reading " + info);
  constexpr std::string_view kKey = "\nPid:\t";
  const char* key = std::strstr(text, kKey.data());
  UsersProcess process;
  if (key != nullptr) process.pid = std::atoi(key + kKey.size());
  if (process.pid <= 0) return Status::Failed("not a process of this pid namespace");
  std::string path = "/proc/" + std::to_string(process.pid);
  process.directory = UniqueFd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat status = {};
  if (fstat(process.directory.get(), &status) != 0) return SystemError("opening " + path);
  // If it lives now, the number was its own when the folder was opened.
  if (!IsAlive(pidfd)) return SystemError("the process is gone");
  if (status.st_uid != config.uid && !LeftOut(Layer::kMonitorOwner)) {
    return Status::Failed("the process belongs to another user than the monitor serves");
  }
  return process;
}

// So that an image is seen through no one else's map. Asks only what is a namespace: what another
// descriptor does when root asks it something, its maker decides.
Status VerifyUserNamespace(int space, uid_t uid) {
  struct statfs place = {};
  uid_t owner = 0;
  if (fstatfs(space, &place) != 0 || place.f_type != NSFS_MAGIC ||
      ioctl(space, NS_GET_NSTYPE) != CLONE_NEWUSER || ioctl(space, NS_GET_OWNER_UID, &owner) != 0 ||
      owner != uid) {
    return Status::Failed("not a user namespace of the user that the monitor serves");
  }
  return {};
}

class Session {
 public:
  Session(int socket, const MonitorConfig& config) : socket_(socket), config_(config) {}

  bool Serve();  // one request; false: the session is over
  void End();

 private:
  Status Handle(const MonitorRequest& request, const Descriptors& fds, Descriptors* given);
  Status MountRoot(int image, int user_namespace, Descriptors* given);
  Status MakeGroup(const Descriptors& fds, const CgroupLimits& limits, Descriptors* given);
  Status PutInto(Cgroup* group, int pidfd);

  int socket_;
  const MonitorConfig& config_;
  std::optional<Cgroup> group_;
  bool has_image_ = false;
};

Status Session::MountRoot(int image, int user_namespace, Descriptors* given) {
  Status space = VerifyUserNamespace(user_namespace, config_.uid);
  if (!space.ok()) return space;
  Result<UniqueFd> mount = MountImage(image, user_namespace, ImageBacking::kFileElseLoop);
  if (!mount.ok()) return mount.status();
  has_image_ = true;
  given->push_back(std::move(*mount));
  return {};
}

Status Session::PutInto(Cgroup* group, int pidfd) {
  Result<UsersProcess> process = OpenUsersProcess(pidfd, config_);
  if (!process.ok()) return process.status();
  Status added = group->Add(process->pid);
  // If it lives still, the number was its own; if not, it may have been another's, who must not
  // stay in a group that we kill.
  if (added.ok() && !IsAlive(pidfd)) added = SystemError("the process is gone");
  if (!added.ok()) group->TakeOut(process->pid);
  return added;
}

// Without a process: root's own child will be born into it, which nobody else may.
Status Session::MakeGroup(const Descriptors& fds, const CgroupLimits& limits, Descriptors* given) {
  if (limits.memory_bytes > kMemoryBytesMax || limits.pids > kPidsMax) {
    return Status::Failed("a limit that is none");
  }
  Result<Cgroup> group = Cgroup::Make(config_.groups, limits);
  if (!group.ok()) return group.status();
  Status added = fds.empty() ? Status() : PutInto(&*group, fds[0].get());
  if (!added.ok()) {
    group->End();
    return added;
  }
  group_ = *group;
  for (const std::string& folder : group->folders()) {
    given->emplace_back(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  return {};
}

Status Session::Handle(const MonitorRequest& request, const Descriptors& fds, Descriptors* given) {
  if (request.kind == RequestKind::kMapIds && fds.size() == 1) {
    return MapIdsOf(fds[0].get(), config_);
  }
  if (request.kind == RequestKind::kMountImage && fds.size() == 2 && !has_image_) {
    return MountRoot(fds[0].get(), fds[1].get(), given);
  }
  if (request.kind == RequestKind::kMakeCgroup && fds.size() <= 1 && !group_.has_value()) {
    return MakeGroup(fds, {request.memory_bytes, request.pids}, given);
  }
  return Status::Failed("no such request");
}

// Of a socket's next packet; false: it is none.
bool ReceiveRequest(int socket, MonitorRequest* request, Descriptors* fds) {
  Result<Packet> packet = ReceivePacket(socket, {{request, sizeof *request}}, MSG_DONTWAIT);
  if (!packet.ok() || packet->bytes != sizeof *request) return false;
  *fds = std::move(packet->fds);
  return request->magic == kMonitorMagic;
}

bool Session::Serve() {
  MonitorRequest request = {};
  Descriptors fds;
  if (!ReceiveRequest(socket_, &request, &fds)) return false;
  MonitorReply reply = {kMonitorMagic, 0, config_.groups.version, ""};
  Descriptors given;
  if (Status done = Handle(request, fds, &given); !done.ok()) {
    reply.failed = 1;
    done.message().copy(reply.text, sizeof reply.text - 1);
  }
  std::vector<int> numbers;
  for (const UniqueFd& fd : given) numbers.push_back(fd.get());
  // Not waiting for one who does not listen.
  return SendPacket(socket_, {{&reply, sizeof reply}}, numbers, MSG_DONTWAIT).ok();
}

void Session::End() {
  timespec wait = {0, kFirstBurialNanoseconds};
  for (int i = 0; group_.has_value() && !group_->End() && i < kBurialsMax; ++i) {
    nanosleep(&wait, nullptr);
    wait.tv_nsec = std::min(2 * wait.tv_nsec, kBurialNanosecondsMax);
  }
}

}  // namespace

Status VerifySessionSocket(int socket, uid_t uid) {
  int domain = 0;
  int type = 0;
  ucred maker = {};
  socklen_t size = sizeof domain;
  socklen_t maker_size = sizeof maker;
  if (getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_UNIX ||
      getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET ||
      getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &maker, &maker_size) != 0 || maker.uid != uid) {
    return Status::Failed("not a session's socket of the user that the monitor serves");
  }
  return {};
}

Status MapIdsOf(int pidfd, const MonitorConfig& config) {
  Result<UsersProcess> process = OpenUsersProcess(pidfd, config);
  if (!process.ok()) return process.status();
  if (config.subids.base == 0 || config.subids.count == 0) {
    return Status::Failed("the monitor has no range of ids to give");
  }
  std::string map =
      "0 " + std::to_string(config.subids.base) + " " + std::to_string(config.subids.count) + "\n";
  // Short of memory, the kernel is to end the build before anybody else. What root writes nobody
  // inside takes back, if root has CAP_SYS_RESOURCE, which a container's may lack.
  const std::pair<const char*, std::string> files[] = {
      {"gid_map", map}, {"uid_map", map}, {"oom_score_adj", "1000"}};
  for (const auto& [file, text] : files) {
    Status written = WriteControlFile(process->directory.get(), file, text);
    if (!written.ok()) return written;
  }
  return {};
}

void ServeNext(UniqueFd door, UniqueFd untaken, int life, const MonitorConfig& config) {
  MonitorRequest request = {};
  Descriptors fds;
  bool received = ReceiveRequest(door.get(), &request, &fds);
  door.reset();
  untaken.reset();
  if (received && request.kind == RequestKind::kOpenSession && fds.size() == 1 &&
      VerifySessionSocket(fds[0].get(), config.uid).ok()) {
    ServeSession(fds[0].get(), life, config);
  }
}

void ServeSession(int socket, int life, const MonitorConfig& config) {
  Session session(socket, config);
  pollfd ends[2] = {{socket, POLLIN, 0}, {life, 0, 0}};
  while (poll(ends, 2, -1) >= 0 || errno == EINTR) {
    if (ends[1].revents != 0 || (ends[0].revents != 0 && !session.Serve())) break;
  }
  session.End();
}

}  // namespace sandbox
