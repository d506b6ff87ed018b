#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "sandbox/cgroup.h"
#include "sandbox/cgroup_usage.h"
#include "sandbox/spec.h"
#include "sandbox/status.h"
#include "sandbox/system.h"

namespace sandbox {

// The process to be given something: a child of the caller in a user namespace of its own.
struct Subject {
  pid_t pid = -1;
  int pidfd = -1;
};

// What a launcher cannot do by itself: a monitor's client, or what an ordinary user may do.
class Authority {
 public:
  virtual ~Authority() = default;
  // Writes the id maps of `subject`. True: a range; false: the one id `inside` -> the caller's own.
  virtual Result<bool> MapIds(const Subject& subject) = 0;
  // See MountImage.
  virtual Result<UniqueFd> MountRootImage(int image, int user_namespace) = 0;
  // Puts `subject` into a new cgroup; it goes away with this object. The cgroup version; 0: there
  // is none to be had, and `*why` says the reason.
  virtual Result<int> MakeCgroup(const Subject& subject, const CgroupLimits& limits,
                                 std::string* why) = 0;
  // Instead of that, for a launcher that is root itself and can have its child born into the group:
  // to move a process makes the kernel wait for all processors, 10 ms where little else goes on.
  // False: MakeCgroup is the way. The answer comes by TakeCgroup, with the group's folders, which
  // this object keeps.
  virtual bool AskForCgroup(const CgroupLimits&) { return false; }
  virtual int TakeCgroup(std::string*, std::vector<int>*) { return 0; }
  virtual CgroupUsage ReadCgroup() = 0;
  // Kills all that is in it. Nothing more can be asked for.
  virtual void KillCgroup() = 0;
};

// With a monitor (spec.monitor_fd): its client. For root: a monitor process of our own. Otherwise
// rootless: the caller's range of /etc/subuid and /etc/subgid by newuidmap, else one id.
Result<std::unique_ptr<Authority>> OpenAuthority(const Spec& spec);

// The caller's range in the text of /etc/subuid or /etc/subgid; count 0 if there is none.
// `name` may be empty.
IdRange FindSubordinateRange(const std::string& text, const std::string& name, uid_t uid);

// Whether a process in a user namespace whose uid_map is `map` can give `range` away.
bool IsMapped(const std::string& map, const IdRange& range);

// Both ranges of the calling user; count 0 where there is none, newuidmap is missing, or the range
// is not mapped here (inside a container or another sandbox).
struct SubordinateIds {
  IdRange uids;
  IdRange gids;
};
SubordinateIds CallersSubordinateIds();

}  // namespace sandbox
