#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/layers.h"
#include "sandbox/mounts.h"

namespace sandbox {
namespace {

// What is left of /proc after this: processes, and cpuinfo, meminfo, stat, mounts, filesystems and
// the like, which tools read. Gone: switches of the kernel, its addresses and keys, its command
// line, and what says which machine this is.
constexpr const char* kMaskedPaths[] = {
    "acpi",       "asound",      "buddyinfo",    "bus",         "cmdline",       "config.gz",
    "diskstats",  "driver",      "dma",          "fs",          "interrupts",    "iomem",
    "ioports",    "irq",         "kallsyms",     "kcore",       "key-users",     "keys",
    "kmsg",       "kpagecgroup", "kpagecount",   "kpageflags",  "latency_stats", "mdstat",
    "modules",    "mtrr",        "pagetypeinfo", "partitions",  "pressure",      "sched_debug",
    "scsi",       "slabinfo",    "softirqs",     "swaps",       "sys",           "sysrq-trigger",
    "timer_list", "timer_stats", "tty",          "vmallocinfo", "vmstat",        "zoneinfo",
};

Status MaskPaths() {
  Result<UniqueFd> empty =
      NewFilesystem("tmpfs", {"size=4k", "nr_inodes=2", "mode=0555"},
                    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  if (!empty.ok()) return empty.status();
  // Copies are made from an attached mount. /tmp lends itself for the moment.
  if (Status status = Attach(empty->get(), "/tmp"); !status.ok()) return status;
  for (const char* name : kMaskedPaths) {
    std::string path = std::string("/proc/") + name;
    struct stat status = {};
    if (lstat(path.c_str(), &status) != 0) {
      if (errno == ENOENT) continue;
      return SystemError("masking " + path);
    }
    Result<UniqueFd> cover = OpenTree(S_ISDIR(status.st_mode) ? "/tmp" : "/dev/null", false);
    if (!cover.ok()) return cover.status();
    if (Status flags = SetMountFlags(cover->get(), MOUNT_ATTR_RDONLY, false, path); !flags.ok()) {
      return flags;
    }
    if (Status attached = Attach(cover->get(), path); !attached.ok()) return attached;
  }
  if (umount2("/tmp", MNT_DETACH) != 0) return SystemError("umount of the mask");
  return {};
}

Status MountProc(bool masked) {
  if (LeftOut(Layer::kOwnProc)) return {};
  Result<UniqueFd> proc =
      NewFilesystem("proc", {}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  if (!proc.ok()) {
    return Status::Failed(proc.message() +
                          " (in a container: its /proc must not be masked; see doctor)");
  }
  if (umount2("/proc", MNT_DETACH) != 0) return SystemError("detaching the host's /proc");
  if (Status status = Attach(proc->get(), "/proc"); !status.ok()) return status;
  return masked && !LeftOut(Layer::kProcMask) ? MaskPaths() : Status();
}

// One tmpfs bounds /tmp and /dev/shm together.
Status MountTemporary(const Limits& limits) {
  std::vector<std::string> options = {"mode=0755"};
  AddDiskLimits(limits, &options);
  Result<UniqueFd> mount = NewFilesystem("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
  if (!mount.ok()) return mount.status();
  if (Status status = Attach(mount->get(), "/tmp"); !status.ok()) return status;
  UniqueFd parts[2];
  const char* const names[2] = {"/tmp/tmp", "/tmp/shm"};
  for (int i = 0; i < 2; ++i) {
    if (mkdir(names[i], 0777) != 0 || chmod(names[i], 01777) != 0) {
      return SystemError(std::string("making ") + names[i]);
    }
    Result<UniqueFd> part = OpenTree(names[i], false);
    if (!part.ok()) return part.status();
    parts[i] = std::move(*part);
  }
  if (umount2("/tmp", MNT_DETACH) != 0) return SystemError("umount of the temporary root");
  if (Status status = Attach(parts[0].get(), "/tmp"); !status.ok()) return status;
  return Attach(parts[1].get(), "/dev/shm");
}

}  // namespace

Status MountStage(const Spec& spec) {
  // A masked /proc would keep the assembler from mounting one in its chroot; there the masks are
  // not needed either: nobody inside is the host's root.
  if (Status status = MountProc(spec.profile == Profile::kBuild); !status.ok()) return status;
  if (Status status = MountTemporary(spec.limits); !status.ok()) return status;
  Result<UniqueFd> terminals = NewFilesystem("devpts", {"mode=0620", "ptmxmode=0666"},
                                             MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
  if (!terminals.ok()) return terminals.status();
  return Attach(terminals->get(), "/dev/pts");
}

}  // namespace sandbox
