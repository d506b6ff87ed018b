#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/cgroup.h"
#include "sandbox/descriptor.h"
#include "sandbox/id_range.h"

namespace sandbox {

// The root monitor: the one part that runs as the host's root. It does three things for launchers
// that run as `uid`: writes id maps, mounts images, makes cgroups and ends what is in them. Each
// request has a fixed size; nothing of a foreign size is parsed. //sandbox:monitor is all of it,
// and tests/tidy/monitor_test counts its lines.
struct MonitorConfig {
  uid_t uid = 0;
  gid_t gid = 0;
  IdRange subids;
  CgroupTree groups;  // see OpenCgroupTree
};

// A launcher sends kOpenSession with one end of a socket pair of its own over the monitor's socket,
// and all else over its pair. Each session is served by a process of its own, so that a launcher
// that makes it wait or fills it makes only itself wait. A session ends with its launcher, with the
// monitor, or with a packet that is none of these; its cgroup and all in it end with it.
enum class RequestKind : std::uint32_t {
  kOpenSession,  // fds: the session's socket
  kMapIds,       // fds: pidfd of a process of `uid` in a new user namespace without a map
  kMountImage,   // fds: image, user namespace  -> reply's fds: detached mount; once
  kMakeCgroup,   // fds: pidfd, or none; memory_bytes, pids -> version; fds: the group's folders;
                 // once
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
  std::int32_t version;  // of a cgroup: 1 or 2
  char text[256];        // failed: why; ends with a NUL
};

constexpr std::uint32_t kMonitorMagic = 0x66736d31;  // "fsm1"
constexpr const char* kMonitorVariable = "FARM_SANDBOX_MONITOR_FD";

// `farm-sandbox monitor`: drops a child to uid and gid, executes `command` in it with
// FARM_SANDBOX_MONITOR_FD set, opens sessions, and returns its exit code (128 + signal if killed).
// SIGTERM, SIGINT and SIGHUP are passed on. Sessions that are left are ended then.
int RunMonitor(const MonitorConfig& config, const std::vector<std::string>& command);

// Takes one packet off the monitor's socket, closes that and `untaken`, and serves the session that
// the packet opens, if it opens one.
void ServeNext(UniqueFd door, UniqueFd untaken, int life, const MonitorConfig& config);

// Serves one launcher until it, or the monitor at the other end of the pipe `life` (-1: none), is
// gone.
void ServeSession(int session, int life, const MonitorConfig& config);

// Refuses what is not one end of a pair of SOCK_SEQPACKET sockets that `uid` has made: an answer
// would reach somebody else in root's name.
Status VerifySessionSocket(int socket, uid_t uid);

// Maps the ids of the process behind `pidfd`. Refuses one that is gone or does not belong to
// config.uid; the kernel refuses one that has a map.
Status MapIdsOf(int pidfd, const MonitorConfig& config);

}  // namespace sandbox
