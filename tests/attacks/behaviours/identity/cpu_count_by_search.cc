// Finds out how many CPUs the machine has, from what the kernel says of a process.
#include <sched.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

namespace {

// Of "...list:\t0-1,4\n": 3.
long CountInStatus() {
  static char text[1 << 16];
  if (behaviour::ReadFile("/proc/self/status", text) < 0) return -1;
  const char* at = std::strstr(text, "Cpus_allowed_list:\t");
  if (at == nullptr) return -1;
  at += std::strlen("Cpus_allowed_list:\t");
  long count = 0;
  while (*at >= '0' && *at <= '9') {
    char* end = nullptr;
    long first = std::strtol(at, &end, 10);
    long last = *end == '-' ? std::strtol(end + 1, &end, 10) : first;
    count += last - first + 1;
    at = *end == ',' ? end + 1 : end;
  }
  return count;
}

// One line each.
long CountInNetwork() {
  static char text[1 << 16];
  if (behaviour::ReadFile("/proc/self/net/softnet_stat", text) < 0) return -1;
  long count = 0;
  for (const char* at = text; (at = std::strchr(at, '\n')) != nullptr; ++at) ++count;
  return count;
}

// Where a process may be sent to.
long CountByMoving() {
  long count = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) == 0) ++count;
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  long host = behaviour::Number(argc, argv, 1);
  if (CountInStatus() == host) return behaviour::Allowed("/proc/self/status");
  if (CountInNetwork() == host) return behaviour::Allowed("/proc/self/net/softnet_stat");
  if (CountByMoving() == host) return behaviour::Allowed("sched_setaffinity");
  return behaviour::Refused("another number");
}
