// Knows how many CPUs the machine has.
#include <sched.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long host = behaviour::Number(argc, argv, 1);
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return behaviour::RefusedByKernel("affinity");
  if (CPU_COUNT(&set) == host) return behaviour::Allowed("sched_getaffinity");
  static char text[1 << 20];
  if (behaviour::ReadFile("/proc/cpuinfo", text) < 0) return behaviour::Refused("another number");
  long count = 0;
  for (const char* at = text; (at = std::strstr(at, "processor\t:")) != nullptr; ++at) ++count;
  return count == host ? behaviour::Allowed("/proc/cpuinfo") : behaviour::Refused("another number");
}
