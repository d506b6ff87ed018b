// Whatever a launcher sends to the root monitor, it answers it or ends the session, and keeps no
// descriptor.  Input: packets, each a byte of which descriptors, a byte of length, the bytes.
#include "sandbox/monitor.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "sandbox/channel.h"

namespace {

void Check(bool good) {
  if (!good) std::abort();
}

// False where the socket is full.
bool SendRaw(int socket, const void* data, std::size_t size, const std::vector<int>& fds) {
  iovec part = {const_cast<void*>(data), size};
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

void Run(const uint8_t* data, size_t size) {
  auto session = sandbox::MakeChannel();
  Check(session.ok());
  const sandbox::UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  const sandbox::UniqueFd self(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  const sandbox::UniqueFd space(open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC));
  Check(null.valid() && self.valid() && space.valid());
  const int choice[4] = {-1, null.get(), self.get(), space.get()};
  // As a launcher may ask of a socket that it has made.
  const int passed = size > 0 ? data[0] & 1 : 0;
  setsockopt(session->second.get(), SOL_SOCKET, SO_PASSCRED, &passed, sizeof passed);
  for (std::size_t at = 0; at + 2 <= size;) {
    std::vector<int> fds;
    for (int bits = data[at]; bits != 0 && fds.size() < 4; bits >>= 2) {
      if ((bits & 3) != 0) fds.push_back(choice[bits & 3]);
    }
    const std::size_t length = std::min<std::size_t>(data[at + 1], size - at - 2);
    if (!SendRaw(session->first.get(), data + at + 2, length, fds)) break;
    at += 2 + length;
  }
  session->first.reset();

  // Nobody's user, no ids, no place for groups: what it may touch is nothing.
  sandbox::MonitorConfig config;
  config.uid = 4'294'967'294;
  config.gid = config.uid;
  config.cgroup_name = "no/such/folder";
  Check(!sandbox::VerifySessionSocket(null.get(), config.uid).ok());
  sandbox::ServeSession(session->second.get(), -1, config);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::size_t before = OpenDescriptors();
  Run(data, size);
  Check(OpenDescriptors() == before);
  return 0;
}
