// Takes the kernel's memory by what is written to pipes and never read.
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/attacks/behaviours/behaviour.h"

namespace {

// How much it has taken of the kernel; holds it.
long Fill(long wanted) {
  static char block[4096];
  long taken = 0;
  while (taken < wanted) {
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) != 0) break;
    ssize_t count;
    while ((count = write(ends[1], block, sizeof block)) > 0) taken += count;
  }
  return taken;
}

}  // namespace

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1) << 20;
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  // Above what one user may have in large pipes, small ones: several processes.
  constexpr int kProcesses = 8;
  for (int i = 0; i < kProcesses; ++i) {
    if (fork() != 0) continue;
    bool done = Fill(wanted / kProcesses) >= wanted / kProcesses;
    sleep(1);
    _exit(done ? 0 : 1);
  }
  bool all = true;
  for (int i = 0; i < kProcesses; ++i) {
    int status = 0;
    wait(&status);
    all = all && status == 0;
  }
  return all ? behaviour::Allowed("write") : behaviour::Refused("a process was stopped");
}
