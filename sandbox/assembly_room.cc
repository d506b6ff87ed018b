#include "sandbox/assembly_room.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "sandbox/init.h"
#include "sandbox/mounts.h"
#include "sandbox/system.h"

namespace sandbox {
namespace {

constexpr std::uint64_t kNamespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID;
constexpr std::size_t kMapBytesMax = 4096;

// The map that leaves the ids of `map` (user_namespaces(7)) as they are.
Result<std::string> SameIds(const std::string& map) {
  std::string same;
  for (const std::string& line : Split(map, '\n')) {
    unsigned long inside = 0;
    unsigned long outside = 0;
    unsigned long count = 0;
    if (std::sscanf(line.c_str(), "%lu %lu %lu", &inside, &outside, &count) != 3) continue;
    std::string first = std::to_string(inside);
    same.append(first).append(" ").append(first).append(" ").append(std::to_string(count) + "\n");
  }
  return same.empty() ? Status::Failed("no ids are mapped") : Result<std::string>(same);
}

Status MapSameIds(pid_t pid) {
  for (const char* file : {"gid_map", "uid_map"}) {
    Result<std::string> own = ReadFile((std::string("/proc/self/") + file).c_str(), kMapBytesMax);
    if (!own.ok()) return own.status();
    Result<std::string> same = SameIds(*own);
    if (!same.ok()) return same.status();
    std::string path = "/proc/" + std::to_string(pid) + "/" + file;
    Status written = WriteControlFile(AT_FDCWD, path.c_str(), *same);
    if (!written.ok()) return written;
  }
  return {};
}

// As init of the outer namespace: can do nothing.
Status GiveUpEverything() {
  if (Status status = HideInit(); !status.ok()) return status;
  return CapabilitiesSet(0, 0, 0) == 0 ? Status() : SystemError("dropping capabilities");
}

[[noreturn]] void WaitForTheRoom(pid_t room) {
  if (!CloseAllExcept({}).ok()) _exit(1);
  while (waitpid(room, nullptr, 0) < 0 && errno == EINTR) {
  }
  _exit(0);
}

}  // namespace

Status EnterAssemblyRoom() {
  int mapped[2];
  if (pipe2(mapped, O_CLOEXEC) != 0) return SystemError("pipe2");
  UniqueFd told(mapped[0]);
  UniqueFd tells(mapped[1]);
  // Of a process that cannot be dumped, as the change of ids made this one, /proc belongs to the
  // host's root. Nobody else lives here yet.
  if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return SystemError("opening /proc/self");
  pid_t room = Clone(kNamespaces, nullptr);
  if (room < 0) return SystemError("user namespace of the assembly's command");
  if (room > 0) {
    Status status = MapSameIds(room);
    if (status.ok()) status = GiveUpEverything();
    if (status.ok()) status = WriteAll(tells.get(), "x");
    // Said by the caller; the new process, which waits for the pipe, ends.
    if (!status.ok()) return status;
    WaitForTheRoom(room);
  }
  tells.reset();
  char byte;
  // The old process has failed, and has said why.
  if (read(told.get(), &byte, 1) != 1) _exit(1);
  return MountOwnProc();
}

}  // namespace sandbox
