// Opens the groups by which the host keeps limits, to be written.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  for (const char* path :
       {"/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory/cgroup.procs",
        "/sys/fs/cgroup/unified/cgroup.procs", "/sys/fs/cgroup/pids/cgroup.procs"}) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) return behaviour::Allowed(path);
  }
  return behaviour::RefusedByKernel("/sys/fs/cgroup");
}
