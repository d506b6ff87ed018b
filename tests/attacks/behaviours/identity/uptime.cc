// Knows for how long the machine has been up, by asking for the time.
#include <sys/sysinfo.h>
#include <time.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

namespace {

long Seconds(clockid_t clock) {
  timespec now = {};
  return clock_gettime(clock, &now) == 0 ? static_cast<long>(now.tv_sec) : -1;
}

long SysinfoSeconds() {
  struct sysinfo info = {};
  return sysinfo(&info) == 0 ? info.uptime : -1;
}

// The number behind `mark`; a file that begins with it has the mark "".
long NumberIn(const char* path, const char* mark) {
  static char text[1 << 16];
  if (behaviour::ReadFile(path, text) < 0) return -1;
  const char* at = std::strstr(text, mark);
  return at == nullptr ? -1 : std::strtol(at + std::strlen(mark), nullptr, 10);
}

long SinceBoot() {
  long boot = NumberIn("/proc/stat", "btime ");
  return boot < 0 ? -1 : static_cast<long>(time(nullptr)) - boot;
}

// When a process was started, in ticks since the start of the machine: field 22.
long StartOf(const char* path) {
  static char text[4096];
  if (behaviour::ReadFile(path, text) < 0) return -1;
  const char* at = std::strrchr(text, ')');
  for (int field = 2; at != nullptr && field < 22; ++field) at = std::strchr(at + 1, ' ');
  return at == nullptr ? -1 : std::strtol(at, nullptr, 10) / sysconf(_SC_CLK_TCK);
}

}  // namespace

int main(int argc, char** argv) {
  long host = behaviour::Number(argc, argv, 1);
  struct Source {
    const char* name;
    long seconds;
  };
  const Source sources[] = {
      {"CLOCK_BOOTTIME", Seconds(CLOCK_BOOTTIME)},
      {"CLOCK_BOOTTIME_ALARM", Seconds(CLOCK_BOOTTIME_ALARM)},
      {"CLOCK_MONOTONIC", Seconds(CLOCK_MONOTONIC)},
      {"CLOCK_MONOTONIC_COARSE", Seconds(CLOCK_MONOTONIC_COARSE)},
      {"CLOCK_MONOTONIC_RAW", Seconds(CLOCK_MONOTONIC_RAW)},
      {"sysinfo", SysinfoSeconds()},
      {"/proc/uptime", NumberIn("/proc/uptime", "")},
      {"/proc/stat", SinceBoot()},
      {"/proc/self/stat", StartOf("/proc/self/stat")},
      {"/proc/1/stat", StartOf("/proc/1/stat")},
  };
  for (const Source& source : sources) {
    if (source.seconds >= host - 2 && source.seconds <= host + 20) {
      return behaviour::Allowed(source.name);
    }
  }
  return behaviour::Refused("another time");
}
