#include "sandbox/thread_times.h"

#include <algorithm>

#include "sandbox/determinism.h"
#include "sandbox/memory.h"

namespace sandbox {

std::int64_t Nanoseconds(const timespec& time) {
  if (time.tv_sec < 0) return -1;
  if (time.tv_sec > kForever / kSecond) return kForever;
  return time.tv_sec * kSecond + time.tv_nsec;
}

timespec TimespecOf(std::int64_t time) {
  time = std::max<std::int64_t>(time, 0);
  return {time / kSecond, time % kSecond};
}

timeval TimevalOf(std::int64_t time) {
  const timespec exact = TimespecOf(time);
  return {exact.tv_sec, exact.tv_nsec / 1000};
}

std::int64_t ReadTimespec(pid_t thread, std::uint64_t address) {
  timespec time = {};
  return address != 0 && ReadValue(thread, address, &time) ? Nanoseconds(time) : -1;
}

std::int64_t ReadTimeval(pid_t thread, std::uint64_t address) {
  timeval time = {};
  if (address == 0 || !ReadValue(thread, address, &time)) return -1;
  return Nanoseconds({time.tv_sec, time.tv_usec * 1000});
}

}  // namespace sandbox
