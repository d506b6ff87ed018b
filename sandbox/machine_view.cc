#include "sandbox/machine_view.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <string_view>

#include "sandbox/memory.h"
#include "sandbox/proc_files.h"
#include "sandbox/thread_times.h"

namespace sandbox {
namespace {

constexpr std::int64_t kUptime = kUptimeSeconds * kSecond;
constexpr std::int64_t kTickNanoseconds = kSecond / 100;  // USER_HZ
constexpr std::size_t kRandomBytesMax = 32 << 20;         // the kernel's own
constexpr std::uint64_t kRandomFlags = 7;                 // NONBLOCK, RANDOM, INSECURE

template <class T>
Answer Give(const Call& call, std::size_t argument, const T& value) {
  std::uint64_t address = call.arguments[argument];
  return WriteValue(call.thread, address, value) ? Value(0) : Error(EFAULT);
}

Answer ClockGettime(Family* family, const Call& call) {
  std::optional<std::int64_t> time = family->ShownClock(static_cast<clockid_t>(call.arguments[0]),
                                                        family->LookAtElapsed(call.thread));
  return time.has_value() ? Give(call, 1, TimespecOf(*time)) : Kernels();
}

Answer Gettimeofday(Family* family, const Call& call) {
  std::int64_t time = family->RealTime(family->LookAtElapsed(call.thread));
  timeval value = {time / kSecond, time % kSecond / 1000};
  if (call.arguments[0] != 0 && !WriteValue(call.thread, call.arguments[0], value)) {
    return Error(EFAULT);
  }
  struct timezone none = {};
  return call.arguments[1] == 0 ? Value(0) : Give(call, 1, none);
}

Answer Time(Family* family, const Call& call) {
  std::int64_t seconds = family->RealTime(family->LookAtElapsed(call.thread)) / kSecond;
  if (call.arguments[0] != 0 && !WriteValue(call.thread, call.arguments[0], seconds)) {
    return Error(EFAULT);
  }
  return Value(seconds);
}

Answer Times(Family* family, const Call& call) {
  std::int64_t ticks = (kUptime + family->LookAtElapsed(call.thread)) / kTickNanoseconds;
  tms none = {};
  if (call.arguments[0] != 0 && !WriteValue(call.thread, call.arguments[0], none)) {
    return Error(EFAULT);
  }
  return Value(ticks);
}

Answer Getrusage(const Call& call) {
  auto who = static_cast<int>(call.arguments[0]);
  if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD) return Error(EINVAL);
  return Give(call, 1, rusage{});
}

Answer Getrandom(Family* family, const Call& call) {
  auto [address, size, flags] = std::tuple(call.arguments[0], call.arguments[1], call.arguments[2]);
  if ((flags & ~kRandomFlags) != 0) return Error(EINVAL);
  size = std::min<std::uint64_t>(size, kRandomBytesMax);
  std::array<char, 4096> bytes;
  for (std::uint64_t done = 0; done < size;) {
    std::size_t count = std::min<std::uint64_t>(bytes.size(), size - done);
    family->TakeRandom(call.thread, bytes.data(), count);
    if (!WriteMemory(call.thread, address + done, bytes.data(), count)) return Error(EFAULT);
    done += count;
  }
  return Value(static_cast<std::int64_t>(size));
}

// Into a field of zeros, the last of which stays.
template <std::size_t kSize>
void Copy(std::string_view text, char (*field)[kSize]) {
  text.copy(*field, kSize - 1);
}

Answer Uname(const MachineFacts& facts, const Call& call) {
  utsname name = {};
  Copy("Linux", &name.sysname);
  Copy(facts.hostname, &name.nodename);
  Copy(kShownRelease, &name.release);
  Copy(kShownVersion, &name.version);
  Copy("x86_64", &name.machine);
  Copy("(none)", &name.domainname);
  return Give(call, 0, name);
}

Answer Sysinfo(const MachineFacts& facts, const Call& call) {
  struct sysinfo info = {};
  info.uptime = kUptimeSeconds;
  info.totalram = facts.memory_bytes;
  info.freeram = facts.memory_bytes / 2;
  info.procs = 1;
  info.mem_unit = 1;
  return Give(call, 0, info);
}

Answer SchedGetaffinity(const Call& call) {
  std::uint64_t mask = 1;
  if (call.arguments[1] < sizeof mask || call.arguments[1] % sizeof mask != 0) return Error(EINVAL);
  Answer given = Give(call, 2, mask);
  return given.value < 0 ? given : Value(sizeof mask);
}

Answer Getcpu(const Call& call) {
  std::uint32_t zero = 0;
  for (std::size_t argument : {0, 1}) {
    std::uint64_t address = call.arguments[argument];
    if (address != 0 && !WriteValue(call.thread, address, zero)) return Error(EFAULT);
  }
  return Value(0);
}

}  // namespace

void AddMachineHandlers(const MachineFacts& facts, Family* family, CallHandlers* handlers) {
  CallHandlers& h = *handlers;
  h[SYS_clock_gettime] = [family](const Call& call) { return ClockGettime(family, call); };
  h[SYS_getrandom] = [family](const Call& call) { return Getrandom(family, call); };
  h[SYS_gettimeofday] = [family](const Call& call) { return Gettimeofday(family, call); };
#ifdef SYS_time
  h[SYS_time] = [family](const Call& call) { return Time(family, call); };
#endif
  h[SYS_times] = [family](const Call& call) { return Times(family, call); };
  h[SYS_getrusage] = Getrusage;
  h[SYS_uname] = [&facts](const Call& call) { return Uname(facts, call); };
  h[SYS_sysinfo] = [&facts](const Call& call) { return Sysinfo(facts, call); };
  h[SYS_sched_getaffinity] = SchedGetaffinity;
  h[SYS_getcpu] = Getcpu;
}

}  // namespace sandbox
