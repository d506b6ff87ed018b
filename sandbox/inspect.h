#pragma once

#include <sys/types.h>

#include <string>

#include "sandbox/status.h"

namespace sandbox {

// What the launcher sees of the walls from outside; VerifyWalls (confine.h) looks from inside.

// Refuses namespaces that are not new: compares /proc/<pid>/ns with our own.  The time namespace is
// that of the process's children.  pid and cgroup namespaces are made later: VerifyWalls.
Status VerifyNamespaces(pid_t pid);
// Refuses cgroups that are not the roots of what their process sees, so that it knows where on the
// host it is. `cgroups`: the text of its own /proc/self/cgroup; for VerifyWalls.
Status VerifyCgroupNamespace(const std::string& cgroups);
// Refuses a host's /proc beneath what is mounted on it: it is one more than the sandbox's `own` on
// /proc, or lies on /tmp. `mounts`: the text of /proc/self/mountinfo; for VerifyWalls.
Status VerifyProcMounts(const std::string& mounts, int own);
// Refuses a map that gives away host uid 0 or the whole host. `map`: the text of a uid_map.
Status VerifyIdMap(const std::string& map);

// The processor in the text of /proc/cpuinfo: the first one's "model name", and its "flags" (or
// "Features") sorted. Empty where there is none.
struct Processor {
  std::string model;
  std::string flags;
};
Processor ParseProcessor(const std::string& cpuinfo);
Processor FirstProcessor();

}  // namespace sandbox
