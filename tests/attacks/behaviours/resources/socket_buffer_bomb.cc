// Takes the kernel's memory by what is written to sockets and never read.
#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1) << 20;
  static char block[32768];
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  for (long taken = 0; taken < wanted;) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0) {
      behaviour::Insist();
      return behaviour::RefusedByKernel("socketpair");
    }
    for (int end : ends) {
      ssize_t count;
      while ((count = write(end, block, sizeof block)) > 0) taken += count;
    }
  }
  sleep(1);
  return behaviour::Allowed("write");
}
