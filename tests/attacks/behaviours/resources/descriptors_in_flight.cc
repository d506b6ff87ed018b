// Sends descriptors that nobody takes, until its user may send no more, whoever of his it is.
#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/attacks/behaviours/behaviour.h"

namespace {

constexpr int kEach = 250;  // the kernel takes 253 with one message

// Whether `kEach` more are on their way.
bool Send(int socket) {
  char byte = 0;
  iovec part = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(kEach * sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(kEach * sizeof(int));
  std::memset(CMSG_DATA(header), 0, kEach * sizeof(int));  // descriptor 0
  return sendmsg(socket, &message, MSG_DONTWAIT) == 1;
}

}  // namespace

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  long sent = 0;
  bool goes_on = true;
  while (goes_on && sent < wanted) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return behaviour::MissingByKernel("pair");
    long before = sent;
    while (sent < wanted && Send(ends[0])) sent += kEach;
    goes_on = sent > before;
  }
  int error = errno;
  // For whoever is beside to miss them.
  sleep(1);
  errno = error;
  return sent >= wanted ? behaviour::Allowed("sendmsg") : behaviour::RefusedByKernel("sendmsg");
}
