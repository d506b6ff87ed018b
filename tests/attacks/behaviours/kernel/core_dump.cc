// Crashes, so that the kernel writes a core or starts the host's program for it.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  rlimit limit = {};
  getrlimit(RLIMIT_CORE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_CORE, &limit);
  pid_t child = fork();
  if (child == 0) abort();
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFSIGNALED(status)) return behaviour::Missing("the child did not crash");
  return WCOREDUMP(status) ? behaviour::Allowed("a core was dumped")
                           : behaviour::Refused("no core");
}
