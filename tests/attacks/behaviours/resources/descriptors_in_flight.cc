// Sends descriptors that nobody takes, until its user may send no more, whoever of his it is.
#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/attacks/behaviours/behaviour.h"
#include "tests/attacks/send_descriptors.h"

namespace {

constexpr int kEach = 250;

// Whether `kEach` more are on their way.
bool Send(int socket) {
  const int sent[kEach] = {};  // descriptor 0
  return attacks::SendDescriptors(socket, sent, MSG_DONTWAIT);
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
