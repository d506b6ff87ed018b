#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <thread>

#include "sandbox/status.h"
#include "sandbox/system.h"

namespace sandbox {

// A system call that waits for our answer (seccomp_unotify(2)).
struct Call {
  pid_t thread = -1;  // in the caller's own pid namespace
  int number = 0;
  std::uint64_t arguments[6] = {};
};

// What the caller gets: a value, -errno, or whatever the kernel says.
struct Answer {
  bool is_kernels = false;
  std::int64_t value = 0;
};
inline Answer Kernels() { return {true, 0}; }
inline Answer Value(std::int64_t value) { return {false, value}; }
inline Answer Error(int error) { return {false, -std::int64_t{error}}; }

using CallHandlers = std::map<int, std::function<Answer(const Call&)>>;

// Answers the calls that a filter notifies of, in a thread of its own, until the last process with
// that filter has ended. Not a wall: a caller of several threads can change a path or a buffer
// while it is looked at, and deceives itself alone. A call without a handler is the kernel's.
// `enter`: the thread's first act, e.g. to take on an id. If it fails, this process ends.
class Notifier {
 public:
  Notifier(UniqueFd listener, CallHandlers handlers, std::function<bool()> enter);
  ~Notifier();
  Notifier(const Notifier&) = delete;

 private:
  void Serve();

  UniqueFd listener_;
  CallHandlers handlers_;
  std::thread thread_;
};

}  // namespace sandbox
