#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>

#include "sandbox/layers.h"
#include "sandbox/mounts.h"
#include "sandbox/proc_files.h"

namespace sandbox {
namespace {

// What is left of /proc after this: processes, and what ProcFiles shows, mounts, filesystems and
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

constexpr const char* kFileCover = "/tmp/file";
constexpr const char* kFolderCover = "/tmp/folder";

Status WriteFile(const std::string& path, const std::string& text) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
  if (!file.valid()) return SystemError("creating " + path);
  return WriteAll(file.get(), text);
}

// What is laid over /proc: an empty folder and an empty file for what is hidden, and the files that
// are shown instead. In /tmp, which lends itself for the moment. Read-only, and so is every copy.
Status MountCovers(const std::vector<ProcFile>& files) {
  constexpr std::uint64_t kFlags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  Result<UniqueFd> covers =
      NewFilesystem("tmpfs", {"size=64k", "nr_inodes=16", "mode=0555"}, kFlags);
  if (!covers.ok()) return covers.status();
  if (Status status = Attach(covers->get(), "/tmp"); !status.ok()) return status;
  if (Status status = WriteFile(kFileCover, ""); !status.ok()) return status;
  if (mkdir(kFolderCover, 0555) != 0) return SystemError("making the masks");
  for (const ProcFile& file : files) {
    Status written = WriteFile(std::string("/tmp/") + file.name, file.text);
    if (!written.ok()) return written;
  }
  return SetMountFlags(covers->get(), MOUNT_ATTR_RDONLY, false, "the masks");
}

// mount(2), not open_tree and move_mount: one call instead of four, 40 times at every start. A bind
// keeps the flags of what it copies.
bool Cover(const std::string& path, const std::string& cover) {
  return mount(cover.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0;
}

Status CoverProc(const Spec& spec) {
  std::int64_t now =
      spec.determinism == Determinism::kFull ? spec.clock_seconds : std::time(nullptr);
  const std::vector<ProcFile> files = ProcFiles(spec, now - kUptimeSeconds);
  if (Status status = MountCovers(files); !status.ok()) return status;
  for (const char* name : kMaskedPaths) {
    // What a path is, the kernel says: it lays no file over a folder nor a folder over a file.
    std::string path = std::string("/proc/") + name;
    if (Cover(path, kFileCover) || errno == ENOENT) continue;
    if (errno != ENOTDIR || !Cover(path, kFolderCover)) return SystemError("masking " + path);
  }
  for (const ProcFile& file : files) {
    std::string path = std::string("/proc/") + file.name;
    if (!Cover(path, std::string("/tmp/") + file.name)) return SystemError("covering " + path);
  }
  if (umount2("/tmp", MNT_DETACH) != 0) return SystemError("umount of the mask");
  return {};
}

// A masked /proc would keep the assembler from mounting one in its chroot; there the masks are not
// needed either: nobody inside is the host's root.
Status MountProc(const Spec& spec) {
  if (LeftOut(Layer::kOwnProc)) return {};
  Result<UniqueFd> proc =
      NewFilesystem("proc", {}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  if (!proc.ok()) {
    return Status::Failed(proc.message() +
                          " (in a container: its /proc must not be masked; see doctor)");
  }
  if (umount2("/proc", MNT_DETACH) != 0) return SystemError("detaching the host's /proc");
  if (Status status = Attach(proc->get(), "/proc"); !status.ok()) return status;
  bool is_covered = spec.profile == Profile::kBuild && !LeftOut(Layer::kProcMask);
  return is_covered ? CoverProc(spec) : Status();
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
  if (Status status = MountProc(spec); !status.ok()) return status;
  if (Status status = MountTemporary(spec.limits); !status.ok()) return status;
  Result<UniqueFd> terminals = NewFilesystem("devpts", {"mode=0620", "ptmxmode=0666"},
                                             MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
  if (!terminals.ok()) return terminals.status();
  return Attach(terminals->get(), "/dev/pts");
}

}  // namespace sandbox
