// Knows how many CPUs the machine has, by asking as programs do that start as many jobs.
#include <sched.h>
#include <sys/sysinfo.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

namespace {

long CountIn(const char* path, const char* mark) {
  static char text[1 << 20];
  if (behaviour::ReadFile(path, text) < 0) return -1;
  long count = 0;
  for (const char* at = text; (at = std::strstr(at, mark)) != nullptr; ++at) ++count;
  return count;
}

long Affinity() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}

}  // namespace

int main(int argc, char** argv) {
  long host = behaviour::Number(argc, argv, 1);
  struct Source {
    const char* name;
    long count;
  };
  const Source sources[] = {
      {"sched_getaffinity", Affinity()},
      {"/proc/cpuinfo", CountIn("/proc/cpuinfo", "processor\t:")},
      {"/proc/stat", CountIn("/proc/stat", "\ncpu")},
      {"/proc/interrupts", CountIn("/proc/interrupts", " CPU")},
      {"/proc/softirqs", CountIn("/proc/softirqs", " CPU")},
      {"/proc/schedstat", CountIn("/proc/schedstat", "\ncpu")},
      {"/sys/devices/system/cpu/cpu1",
       access("/sys/devices/system/cpu/cpu1", F_OK) == 0 ? host : -1},
      {"get_nprocs", get_nprocs()},
      {"get_nprocs_conf", get_nprocs_conf()},
  };
  for (const Source& source : sources) {
    if (source.count == host) return behaviour::Allowed(source.name);
  }
  return behaviour::Refused("another number");
}
