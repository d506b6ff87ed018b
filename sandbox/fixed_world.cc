#include "sandbox/fixed_world.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/ipc_view.h"
#include "sandbox/mounts.h"
#include "sandbox/proc_files.h"
#include "sandbox/random_device.h"
#include "sandbox/socket_view.h"

namespace sandbox {
namespace {

constexpr std::uint64_t kSecondsWithoutLimit = std::uint64_t{30} * 86400;

std::unique_ptr<Family> MakeFamily(const Spec& spec, const Command& command) {
  if (spec.determinism != Determinism::kFull) return nullptr;
  std::uint64_t span =
      spec.limits.wall_seconds != 0 ? spec.limits.wall_seconds : kSecondsWithoutLimit;
  FileTimes times(spec.clock_seconds * kSecond, command.began,
                  static_cast<std::int64_t>(span) * kSecond);
  return std::make_unique<Family>(static_cast<std::uint64_t>(command.stage), spec.clock_seconds,
                                  times);
}

}  // namespace

FixedWorld::FixedWorld(const Spec& spec, const Command& command)
    : spec_(spec), family_(MakeFamily(spec, command)), files_(family_.get()) {
  facts_.hostname = spec.hostname;
  facts_.memory_bytes = ShownMemoryBytes(spec);
}

Result<std::unique_ptr<FixedWorld>> FixedWorld::Make(const Spec& spec, const Command& command) {
  std::unique_ptr<FixedWorld> world(new FixedWorld(spec, command));
  if (spec.determinism == Determinism::kFull) {
    if (Status status = world->OpenTracer(command.log); !status.ok()) return status;
    if (Status status = CoverIpcFiles(); !status.ok()) return status;
    Status status = StartRandomDevice(command.fuse, world->family_.get());
    if (!status.ok()) return status;
  }
  world->files_.FindDevices(spec.binds);
  return world;
}

// The stage's own /proc shows no switches, so through another one, which nobody else sees.
Status FixedWorld::OpenTracer(int log) {
  Result<UniqueFd> proc =
      NewFilesystem("proc", {}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  if (!proc.ok()) return proc.status();
  UniqueFd last_pid(openat(proc->get(), "sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC));
  if (!last_pid.valid() || pwrite(last_pid.get(), "1", 1, 0) < 0) {
    return SystemError(
        "--determinism full: choosing process ids: ns_last_pid (CONFIG_CHECKPOINT_RESTORE)");
  }
  tracer_ = std::make_unique<Tracer>(family_.get(), std::move(last_pid), log);
  return {};
}

std::uint64_t FixedWorld::Capabilities() const {
  auto bit = [](int capability) { return std::uint64_t{1} << capability; };
  if (tracer_ == nullptr) return bit(CAP_SYS_PTRACE);
  // CAP_KILL: where there are several users, the command's is not that of process 1.
  return bit(CAP_SYS_PTRACE) | bit(CAP_CHECKPOINT_RESTORE) | bit(CAP_KILL);
}

Status FixedWorld::Take(pid_t child, int listener) {
  UniqueFd pidfd(PidfdOpen(child));
  UniqueFd notifications(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd.get(), listener, 0)));
  if (!notifications.valid()) return SystemError("taking the filter's notifications");
  if (tracer_ != nullptr) {
    if (Status status = tracer_->Seize(child); !status.ok()) return status;
  }
  CallHandlers handlers;
  files_.AddHandlers(&handlers);
  if (family_ != nullptr) {
    AddMachineHandlers(facts_, family_.get(), &handlers);
    AddSocketHandlers(spec_.loopback, family_.get(), &handlers);
  }
  // Files are looked at as the command's user: what it may not see is not seen for it.
  uid_t uid = spec_.uid;
  gid_t gid = spec_.gid;
  std::uint64_t kept = Capabilities();
  auto enter = [uid, gid, kept] {
    setfsgid(gid);
    setfsuid(uid);
    bool is_user = setfsuid(static_cast<uid_t>(-1)) == static_cast<int>(uid);
    return is_user && CapabilitiesSet(kept, kept, 0) == 0;
  };
  notifier_ = std::make_unique<Notifier>(std::move(notifications), std::move(handlers), enter);
  if (CapabilitiesSet(kept, kept, 0) != 0) return SystemError("dropping capabilities");
  return {};
}

}  // namespace sandbox
