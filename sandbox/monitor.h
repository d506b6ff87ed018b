#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sandbox/cgroup.h"
#include "sandbox/spec.h"
#include "sandbox/system.h"

namespace sandbox {

// The root monitor: the one part that runs as the host's root. It does four things for launchers
// that run as `uid`: writes id maps, mounts images, makes cgroups, reads and kills them. Each
// request has a fixed size; nothing of a foreign size is parsed.
struct MonitorConfig {
  uid_t uid = 0;
  gid_t gid = 0;
  IdRange subids;
  std::string cgroup_name = "farm-sandbox";
};

// A launcher sends kOpenSession with one end of a socket pair over the monitor's socket, and all
// else over its own pair. A session that closes takes its cgroup, and all in it, along.
enum class RequestKind : std::uint32_t {
  kOpenSession,  // fds: the session's socket
  kMapIds,       // fds: pidfd of a process of `uid` in a new user namespace without a map
  kMountImage,   // fds: image, user namespace  -> reply's fds: detached mount
  kMakeCgroup,   // fds: pidfd; memory_bytes, pids -> values[0]: 1 or 2, the cgroup version
  kReadCgroup,   // -> values: CPU microseconds, largest memory, kills for memory
  kKillCgroup,
};

struct MonitorRequest {
  std::uint32_t magic;
  RequestKind kind;
  std::uint64_t memory_bytes;
  std::uint64_t pids;
};

struct MonitorReply {
  std::uint32_t magic;
  std::int32_t failed;
  std::int64_t values[3];
  char text[256];  // failed: why; ends with a NUL
};

constexpr std::uint32_t kMonitorMagic = 0x66736d31;  // "fsm1"
constexpr const char* kMonitorVariable = "FARM_SANDBOX_MONITOR_FD";

// Serves `socket` until its other end is closed everywhere and the last session is over, or until
// `on_event`, called whenever `events` (a descriptor, or -1) is readable, returns true. Then kills
// and removes what is left, for at most five seconds.
void ServeMonitor(int socket, const MonitorConfig& config, int events,
                  const std::function<bool()>& on_event);

// `farm-sandbox monitor`: drops a child to uid and gid, executes `command` in it with
// FARM_SANDBOX_MONITOR_FD set, serves, and returns its exit code (128 + signal if killed).
// SIGTERM, SIGINT and SIGHUP are passed on.
int RunMonitor(const MonitorConfig& config, const std::vector<std::string>& command);

// A process that the monitor may touch: `directory` is its folder in /proc, which stands for this
// one process; `pid` is a number, which stands for it only as long as the pidfd says that it lives.
struct UsersProcess {
  pid_t pid = -1;
  UniqueFd directory;
};
// Refuses a process that is gone or does not belong to config.uid.
Result<UsersProcess> OpenUsersProcess(int pidfd, const MonitorConfig& config);
// Maps the ids of the process behind `pidfd`; the kernel refuses one that has a map.
Status MapIdsOf(int pidfd, const MonitorConfig& config);
// The process id in the text of a pidfd's /proc/self/fdinfo; a process that is gone has -1 there.
Result<pid_t> ParsePidfdInfo(const std::string& text);

}  // namespace sandbox
