// Whatever is sent to the root monitor, at its door or in a session that its user has opened, it
// answers it or ends the session, and keeps no descriptor and no group.  Input: packets, each a
// byte of which descriptors, a byte of length, the bytes.  The first knocks at the door, with a
// session's socket that holds the others; then all of them are one session's.
#include "sandbox/monitor.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "sandbox/packet.h"

namespace {

namespace fs = std::filesystem;

void Check(bool good) {
  if (!good) std::abort();
}

struct Sent {
  unsigned char fds;  // two bits for each: which of four, the first of which is none
  std::string bytes;
};

std::vector<Sent> Packets(const uint8_t* data, size_t size) {
  std::vector<Sent> packets;
  for (std::size_t at = 0; at + 2 <= size;) {
    const std::size_t length = std::min<std::size_t>(data[at + 1], size - at - 2);
    packets.push_back({data[at], std::string(data + at + 2, data + at + 2 + length)});
    at += 2 + length;
  }
  return packets;
}

struct Pair {
  explicit Pair(int type = SOCK_SEQPACKET) {
    int fds[2];
    Check(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) == 0);
    ours = sandbox::UniqueFd(fds[0]);
    theirs = sandbox::UniqueFd(fds[1]);
  }
  sandbox::UniqueFd ours;
  sandbox::UniqueFd theirs;
};

// False where the socket is full.
bool SendRaw(int socket, const Sent& packet, const int (&choice)[4]) {
  std::vector<int> fds;
  for (int bits = packet.fds; bits != 0 && fds.size() < 4; bits >>= 2) {
    if ((bits & 3) != 0) fds.push_back(choice[bits & 3]);
  }
  iovec part = {const_cast<char*>(packet.bytes.data()), packet.bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
  }
  return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

std::size_t OpenDescriptors() {
  std::size_t count = 0;
  for (int fd = 0; fd < 64; ++fd) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

// A place for groups as cgroup version 1 has it, but for the kernel: a new group has no files.
class Groups {
 public:
  Groups() : directory_(fs::temp_directory_path() / "groups.XXXXXX") {
    std::string name = directory_;
    Check(mkdtemp(name.data()) != nullptr);
    directory_ = name;
    tree_.version = 1;
    for (const char* folder : {"unified", "memory", "pids", "cpuacct"}) {
      tree_.folders.push_back(directory_ / folder);
      fs::create_directory(tree_.folders.back());
      std::ofstream(tree_.folders.back() + "/cgroup.procs") << "\n";
    }
  }
  ~Groups() { fs::remove_all(directory_); }
  Groups(const Groups&) = delete;
  const sandbox::CgroupTree& tree() const { return tree_; }
  bool HasOne() const {
    for (const std::string& folder : tree_.folders) {
      for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.is_directory()) return true;
      }
    }
    return false;
  }

 private:
  fs::path directory_;
  sandbox::CgroupTree tree_;
};

// Serves this very user's processes.
class Monitor {
 public:
  Monitor() {
    config_.uid = geteuid();
    config_.gid = getegid();
    config_.subids = {1234560000, 65536};
    config_.groups = groups_.tree();
  }

  // Everything that is answered to these packets in a session; the first opens it, if `knocks`.
  std::vector<sandbox::MonitorReply> Serve(const std::vector<Sent>& packets, bool knocks) {
    Pair session;
    const sandbox::UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    const sandbox::UniqueFd self(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
    const sandbox::UniqueFd space(open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC));
    Check(null.valid() && self.valid() && space.valid());
    // As a launcher may ask of a socket that it has made.
    const int passed = packets.empty() ? 0 : packets[0].fds & 1;
    setsockopt(session.theirs.get(), SOL_SOCKET, SO_PASSCRED, &passed, sizeof passed);
    for (std::size_t i = knocks ? 1 : 0; i < packets.size(); ++i) {
      if (!SendRaw(session.ours.get(), packets[i], {-1, null.get(), self.get(), space.get()})) {
        break;
      }
    }
    shutdown(session.ours.get(), SHUT_WR);
    if (knocks) {
      Knock(packets, session.theirs.get(), null.get());
    } else {
      sandbox::ServeSession(session.theirs.get(), -1, config_);
    }
    Check(!groups_.HasOne());
    session.theirs.reset();
    return Replies(session.ours.get());
  }

 private:
  void Knock(const std::vector<Sent>& packets, int session, int null) {
    Pair door;
    Pair datagrams(SOCK_DGRAM);
    if (!packets.empty()) {
      SendRaw(door.ours.get(), packets[0], {-1, null, session, datagrams.theirs.get()});
    }
    int ends[2];
    Check(pipe2(ends, O_CLOEXEC) == 0);
    const sandbox::UniqueFd taken(ends[0]);
    sandbox::ServeNext(std::move(door.theirs), sandbox::UniqueFd(ends[1]), -1, config_);
    char byte;
    Check(read(taken.get(), &byte, 1) == 0);
  }

  static std::vector<sandbox::MonitorReply> Replies(int socket) {
    std::vector<sandbox::MonitorReply> replies;
    while (true) {
      sandbox::MonitorReply reply = {};
      auto packet = sandbox::ReceivePacket(socket, {{&reply, sizeof reply}}, MSG_DONTWAIT);
      if (!packet.ok() || packet->bytes == 0) return replies;
      Check(packet->bytes == sizeof reply && reply.magic == sandbox::kMonitorMagic);
      Check(std::memchr(reply.text, 0, sizeof reply.text) != nullptr);
      Check(reply.failed == 1 || reply.text[0] == 0);
      Check(packet->fds.empty() || reply.failed == 0);
      replies.push_back(reply);
    }
  }

  Groups groups_;
  sandbox::MonitorConfig config_;
};

Sent Request(sandbox::RequestKind kind, unsigned char fds) {
  const sandbox::MonitorRequest request = {sandbox::kMonitorMagic, kind, 0, 0};
  return {fds, std::string(reinterpret_cast<const char*>(&request), sizeof request)};
}

// What this target reaches: behind the door a group, and past the question whose process it is.
bool Reaches(Monitor& monitor) {
  using sandbox::RequestKind;
  const auto replies =
      monitor.Serve({Request(RequestKind::kOpenSession, 2), Request(RequestKind::kMakeCgroup, 0),
                     Request(RequestKind::kMapIds, 2)},
                    true);
  return replies.size() == 2 && replies[0].failed == 0 &&
         std::strstr(replies[1].text, "writing") != nullptr;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Monitor monitor;
  static const bool kReaches = Reaches(monitor);
  Check(kReaches);
  const std::size_t before = OpenDescriptors();
  const std::vector<Sent> packets = Packets(data, size);
  monitor.Serve(packets, true);
  monitor.Serve(packets, false);
  Check(OpenDescriptors() == before);
  return 0;
}
