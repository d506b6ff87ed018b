// Finds out for how long the machine has been up, from what the kernel says beside the clocks.
#include <sys/times.h>
#include <time.h>

#include "tests/attacks/behaviours/behaviour.h"

namespace {

// What has been taken off the machine's clock for this process.
long ByOffset() {
  static char text[4096];
  if (behaviour::ReadFile("/proc/self/timens_offsets", text) < 0) return -1;
  const char* at = std::strstr(text, "boottime");
  if (at == nullptr) return -1;
  timespec now = {};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec - std::strtol(at + std::strlen("boottime"), nullptr, 10);
}

// Ticks since five minutes before the kernel's count of them passes 32 bits.
long ByTicks() {
  struct tms used = {};
  long ticks = times(&used);
  for (long rate : {100, 250, 300, 1000}) {
    double start = (4294967296.0 - 300.0 * static_cast<double>(rate)) / static_cast<double>(rate);
    long seconds = ticks / 100 - static_cast<long>(start);
    if (seconds >= 0 && seconds < 100000000) return seconds;
  }
  return -1;
}

// When it last ran, in milliseconds of the scheduler's clock.
long ByScheduler() {
  static char text[1 << 16];
  if (behaviour::ReadFile("/proc/self/sched", text) < 0) return -1;
  const char* at = std::strstr(text, "se.exec_start");
  at = at == nullptr ? nullptr : std::strchr(at, ':');
  return at == nullptr ? -1 : std::strtol(at + 1, nullptr, 10) / 1000;
}

}  // namespace

int main(int argc, char** argv) {
  long host = behaviour::Number(argc, argv, 1);
  struct Source {
    const char* name;
    long seconds;
  };
  const Source sources[] = {{"/proc/self/timens_offsets", ByOffset()},
                            {"times", ByTicks()},
                            {"/proc/self/sched", ByScheduler()}};
  for (const Source& source : sources) {
    if (source.seconds >= host - 60 && source.seconds <= host + 60) {
      return behaviour::Allowed(source.name);
    }
  }
  return behaviour::Refused("another time");
}
