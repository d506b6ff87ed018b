#pragma once

#include <string>
#include <vector>

namespace sandbox {

// One thing that this machine gives or does not give.
struct Finding {
  std::string name;
  bool needed = false;  // without it nothing can run; else only something cannot
  bool present = false;
  std::string detail;
  std::string remedy;  // empty if present
};

// Tries things out rather than reading version numbers: the kernel, each kind of namespace,
// AppArmor, mounts inside (a container's masked /proc), Landlock, seccomp, devices, ranges of ids,
// the monitor, cgroup controllers, EROFS, and what only the deterministic level needs (seccomp's
// notification, ptrace, a trap for the processor's clock, pids that can be chosen). Changes nothing
// that outlives the call. Call it from a single-threaded process.
std::vector<Finding> Examine();

// `farm-sandbox doctor`: prints Examine(), and returns 0 if all that is needed is there, else 30.
// With `json`, one line of farm-sandbox-doctor/1: what a site asks for at its start.
int Doctor(bool json);

}  // namespace sandbox
