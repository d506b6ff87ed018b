#include "sandbox/ipc_view.h"

#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include <cstddef>
#include <initializer_list>

#include "sandbox/filter_lists.h"
#include "sandbox/memory.h"
#include "sandbox/mounts.h"

namespace sandbox {
namespace {

#ifdef __x86_64__

void ShowTimes(pid_t thread, std::uint64_t address, std::int64_t shown,
               std::initializer_list<std::size_t> places) {
  for (std::size_t place : places) {
    std::int64_t seconds = 0;
    if (ReadValue(thread, address + place, &seconds) && seconds != 0) {
      WriteValue(thread, address + place, shown);
    }
  }
}

bool IsOneOf(const int (&commands)[3], unsigned long long command) {
  for (int each : commands) {
    if (each == static_cast<int>(command)) return true;
  }
  return false;
}

#endif

}  // namespace

Status CoverIpcFiles() {
  Result<UniqueFd> empty =
      NewFilesystem("tmpfs", {"size=4k", "nr_inodes=1", "mode=0555"},
                    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY);
  return empty.ok() ? Attach(empty->get(), "/proc/sysvipc") : empty.status();
}

#ifdef __x86_64__

bool AsksForIpcTimes(const user_regs_struct& registers) {
  switch (registers.orig_rax) {
    case SYS_shmctl:
      return IsOneOf(kShmLooks, registers.rsi);
    case SYS_semctl:
      return IsOneOf(kSemLooks, registers.rdx);
    case SYS_msgctl:
      return IsOneOf(kMsgLooks, registers.rsi);
    default:
      return false;
  }
}

void ShowIpcTimes(pid_t thread, const user_regs_struct& registers, const Family& family) {
  if (static_cast<std::int64_t>(registers.rax) < 0) return;
  const std::int64_t shown = family.RealTime(0) / kSecond;
  switch (registers.orig_rax) {
    case SYS_shmctl:
      return ShowTimes(thread, registers.rdx, shown,
                       {offsetof(shmid_ds, shm_atime), offsetof(shmid_ds, shm_dtime),
                        offsetof(shmid_ds, shm_ctime)});
    case SYS_semctl:
      return ShowTimes(thread, registers.r10, shown,
                       {offsetof(semid_ds, sem_otime), offsetof(semid_ds, sem_ctime)});
    case SYS_msgctl:
      return ShowTimes(thread, registers.rdx, shown,
                       {offsetof(msqid_ds, msg_stime), offsetof(msqid_ds, msg_rtime),
                        offsetof(msqid_ds, msg_ctime)});
    default:
      return;
  }
}

#endif

}  // namespace sandbox
