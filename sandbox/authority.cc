#include "sandbox/authority.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "sandbox/layers.h"
#include "sandbox/monitor_client.h"

namespace sandbox {
namespace {

constexpr std::size_t kIdFileBytesMax = 4 << 20;
constexpr const char* kNewUidMap = "/usr/bin/newuidmap";
constexpr const char* kNewGidMap = "/usr/bin/newgidmap";

std::string UserName(uid_t uid) {
  Result<std::string> text = ReadFile("/etc/passwd", kIdFileBytesMax);
  if (!text.ok()) return "";
  for (const std::string& line : Split(*text, '\n')) {
    std::vector<std::string> fields = Split(line, ':');
    if (fields.size() >= 3 && fields[2] == std::to_string(uid)) return fields[0];
  }
  return "";
}

IdRange RangeIn(const char* path, const char* map_path, const std::string& name, uid_t uid) {
  Result<std::string> text = ReadFile(path, kIdFileBytesMax);
  Result<std::string> map = ReadFile(map_path, kIdFileBytesMax);
  if (!text.ok() || !map.ok()) return {};
  IdRange range = FindSubordinateRange(*text, name, uid);
  return IsMapped(*map, range) ? range : IdRange{};
}

// newuidmap or newgidmap at work for a process.
struct Mapper {
  const char* program;
  IdRange range;
  pid_t pid = -1;
};

Status StartMapper(pid_t subject, Mapper* mapper) {
  std::string words[4] = {std::to_string(subject), "0", std::to_string(mapper->range.base),
                          std::to_string(mapper->range.count)};
  std::string program = mapper->program;
  char* argv[] = {program.data(),  words[0].data(), words[1].data(),
                  words[2].data(), words[3].data(), nullptr};
  char* none[] = {nullptr};
  posix_spawn_file_actions_t descriptors;
  posix_spawn_file_actions_init(&descriptors);
  posix_spawn_file_actions_addclosefrom_np(&descriptors, STDERR_FILENO + 1);
  errno = posix_spawn(&mapper->pid, program.c_str(), &descriptors, nullptr, argv, none);
  Status started = errno == 0 ? Status() : SystemError("starting " + program);
  posix_spawn_file_actions_destroy(&descriptors);
  return started;
}

Status WaitForMapper(const Mapper& mapper) {
  int status = 0;
  while (waitpid(mapper.pid, &status, 0) < 0) {
    if (errno != EINTR) return SystemError("waitpid");
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return Status::Failed(
      std::string(mapper.program) + " refused the range " + std::to_string(mapper.range.base) +
      ":" + std::to_string(mapper.range.count) + " (check /etc/subuid and /etc/subgid)");
}

// Both at once: each is a program of its own to start.
Status MapRanges(pid_t subject, const SubordinateIds& ids) {
  Mapper groups = {kNewGidMap, ids.gids};
  Mapper users = {kNewUidMap, ids.uids};
  if (Status started = StartMapper(subject, &groups); !started.ok()) return started;
  Status started = StartMapper(subject, &users);
  Status of_groups = WaitForMapper(groups);
  if (!started.ok()) return started;
  Status of_users = WaitForMapper(users);
  return of_groups.ok() ? of_users : of_groups;
}

// An ordinary user.
class Rootless : public Authority {
 public:
  explicit Rootless(const Spec& spec) : uid_(spec.uid), gid_(spec.gid) {}

  Result<bool> MapIds(const Subject& subject) override {
    SubordinateIds ids = CallersSubordinateIds();
    if (ids.uids.count != 0 && ids.gids.count != 0) {
      Status mapped = MapRanges(subject.pid, ids);
      if (!mapped.ok()) return mapped;
      return true;
    }
    Status single = MapOne(subject.pid);
    if (!single.ok()) return single;
    return false;
  }

  Result<UniqueFd> MountRootImage(int, int) override {
    return Status::Failed(
        "--root-image needs the monitor (farm-sandbox monitor, started as root); without it, "
        "unpack "
        "the root and give --root-dir");
  }

  Result<int> MakeCgroup(const Subject&, const CgroupLimits&, std::string* why) override {
    *why = "an ordinary user has no cgroup; start through farm-sandbox monitor";
    return 0;
  }
  CgroupUsage ReadCgroup() override { return {}; }
  void KillCgroup() override {}

 private:
  Status MapOne(pid_t pid) {
    std::string path = "/proc/" + std::to_string(pid);
    UniqueFd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid()) return SystemError("opening " + path);
    std::string users = std::to_string(uid_) + " " + std::to_string(geteuid()) + " 1\n";
    std::string groups = std::to_string(gid_) + " " + std::to_string(getegid()) + " 1\n";
    for (const auto& [file, text] : {std::pair<const char*, std::string>{"setgroups", "deny"},
                                     {"gid_map", groups},
                                     {"uid_map", users}}) {
      Status written = WriteControlFile(directory.get(), file, text);
      if (!written.ok()) return written;
    }
    return {};
  }

  std::uint32_t uid_;
  std::uint32_t gid_;
};

}  // namespace

IdRange FindSubordinateRange(const std::string& text, const std::string& name, uid_t uid) {
  for (const std::string& line : Split(text, '\n')) {
    std::vector<std::string> fields = Split(line, ':');
    if (fields.size() != 3) continue;
    bool ours = fields[0] == std::to_string(uid) || (!name.empty() && fields[0] == name);
    std::uint64_t base = 0;
    std::uint64_t count = 0;
    if (ours && ParseNumber(fields[1], UINT32_MAX, &base) && base != 0 &&
        ParseNumber(fields[2], UINT32_MAX - base, &count) && count != 0) {
      return {static_cast<std::uint32_t>(base), static_cast<std::uint32_t>(count)};
    }
  }
  return {};
}

bool IsMapped(const std::string& map, const IdRange& range) {
  for (const std::string& line : Split(map, '\n')) {
    unsigned long long inside = 0, outside = 0, count = 0;
    if (std::sscanf(line.c_str(), "%llu %llu %llu", &inside, &outside, &count) == 3 &&
        inside <= range.base && range.base + std::uint64_t{range.count} <= inside + count) {
      return range.count != 0;
    }
  }
  return false;
}

SubordinateIds CallersSubordinateIds() {
  if (access(kNewUidMap, X_OK) != 0 || access(kNewGidMap, X_OK) != 0) return {};
  uid_t uid = getuid();
  std::string name = UserName(uid);
  return {RangeIn("/etc/subuid", "/proc/self/uid_map", name, uid),
          RangeIn("/etc/subgid", "/proc/self/gid_map", name, uid)};
}

Result<std::unique_ptr<Authority>> OpenAuthority(const Spec& spec) {
  if (spec.monitor_fd >= 0) return OpenMonitorSession(spec.monitor_fd);
  if (spec.subids.count != 0) {
    if (geteuid() != 0) {
      return Status::Failed("--subids is for root; an ordinary user's range is in /etc/subuid");
    }
    return StartOwnMonitor(spec.subids);
  }
  if (geteuid() == 0 && !spec.allow_host_root_unsafe && !LeftOut(Layer::kHostRootRefused)) {
    return Status::Failed(
        "started as root: give --subids BASE:COUNT (a range of ids that nobody uses), or start "
        "through farm-sandbox monitor; host uid 0 is never given to a sandbox");
  }
  return std::unique_ptr<Authority>(new Rootless(spec));
}

}  // namespace sandbox
