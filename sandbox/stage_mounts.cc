#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <memory>
#include <string_view>
#include <vector>

#include "sandbox/layers.h"
#include "sandbox/mounts.h"
#include "sandbox/proc_files.h"

namespace sandbox {
namespace {

// What is left of /proc: processes, and this, which tools read and which says nothing of the
// machine but its kernel, or is shown by ProcFiles. Whatever else this kernel and its modules have
// there is covered: switches, addresses and keys, the command line, what says which machine this
// is.
constexpr std::string_view kShownInProc[] = {"cpuinfo", "filesystems", "loadavg", "meminfo",
                                             "mounts",  "net",         "self",    "stat",
                                             "sysvipc", "thread-self", "uptime",  "version"};

// Counted by the kernel for whoever made the user namespace, all his sandboxes and himself, whom
// one build could leave without any. A user has 128 instances.
struct Count {
  const char* name;
  const char* max;
};
constexpr Count kCounts[] = {{"sys/user/max_inotify_instances", "16"},
                             {"sys/user/max_inotify_watches", "4096"}};
// A command that may make namespaces; he has some ten thousand.
constexpr Count kAssemblyCounts[] = {{"sys/user/max_mnt_namespaces", "256"},
                                     {"sys/user/max_pid_namespaces", "256"},
                                     {"sys/user/max_time_namespaces", "256"}};
// Of the kernel's few thousand.
constexpr const char* kTerminalsMax = "max=256";

// The stage's tmpfs, while it is being made, and what lies in it.
constexpr const char* kScaffold = "/tmp";
constexpr DiskRoom kScaffoldRoom = {64 << 10, 16};
constexpr const char* kHostsProc = "/tmp/proc";
constexpr const char* kFileCover = "/tmp/file";
constexpr const char* kFolderCover = "/tmp/folder";

Status WriteFile(const std::string& path, const std::string& text) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
  if (!file.valid()) return SystemError("creating " + path);
  return WriteAll(file.get(), text);
}

// What is laid over /proc: an empty folder and an empty file for what is hidden, and the files that
// are shown instead.
Status MakeCovers(const std::vector<ProcFile>& files) {
  if (Status status = WriteFile(kFileCover, ""); !status.ok()) return status;
  if (mkdir(kFolderCover, 0555) != 0) return SystemError("making the masks");
  for (const ProcFile& file : files) {
    Status written = WriteFile(std::string("/tmp/") + file.name, file.text);
    if (!written.ok()) return written;
  }
  return {};
}

// mount(2), not open_tree and move_mount: one call instead of four, 40 times at every start. A bind
// keeps the flags of what it copies.
bool Cover(const std::string& path, const std::string& cover) {
  return mount(cover.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0;
}

// Of the entries of /proc that are links, all that we know of lead to what is shown or to nowhere.
Status Mask(const dirent& entry) {
  const std::string_view name = entry.d_name;
  bool is_process = name[0] >= '0' && name[0] <= '9';
  if (name[0] == '.' || is_process || entry.d_type == DT_LNK) return {};
  if (std::find(std::begin(kShownInProc), std::end(kShownInProc), name) != std::end(kShownInProc)) {
    return {};
  }
  const std::string path = "/proc/" + std::string(name);
  if (Cover(path, entry.d_type == DT_DIR ? kFolderCover : kFileCover)) return {};
  // A module that has just gone.
  return errno == ENOENT ? Status() : SystemError("masking " + path);
}

Status MaskProc() {
  std::unique_ptr<DIR, int (*)(DIR*)> proc(opendir("/proc"), closedir);
  if (proc == nullptr) return SystemError("opening /proc");
  while (const dirent* entry = readdir(proc.get())) {
    if (Status status = Mask(*entry); !status.ok()) return status;
  }
  return {};
}

// With read-only copies of what lies in `scaffold`, the mount on kScaffold.
Status CoverProc(const Spec& spec, int scaffold) {
  std::int64_t now =
      spec.determinism == Determinism::kFull ? spec.clock_seconds : std::time(nullptr);
  const std::vector<ProcFile> files = ProcFiles(spec, now - kUptimeSeconds);
  if (Status status = MakeCovers(files); !status.ok()) return status;
  Status closed = SetMountFlags(scaffold, MOUNT_ATTR_RDONLY, false, "the masks");
  if (!closed.ok()) return closed;
  if (Status status = MaskProc(); !status.ok()) return status;
  for (const ProcFile& file : files) {
    std::string path = std::string("/proc/") + file.name;
    if (!Cover(path, std::string("/tmp/") + file.name)) return SystemError("covering " + path);
  }
  return {};
}

Result<UniqueFd> NewProc() {
  Result<UniqueFd> proc =
      NewFilesystem("proc", {}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  if (proc.ok()) return proc;
  return Status::Failed(proc.message() +
                        " (in a container: its /proc must not be masked; see doctor)");
}

// Holds for all that the caller's user namespace, and those within it, count together.
Status LimitCounts(const Spec& spec, int proc) {
  if (LeftOut(Layer::kRlimits)) return {};
  std::vector<Count> counts(std::begin(kCounts), std::end(kCounts));
  if (spec.profile == Profile::kAssembly) {
    counts.insert(counts.end(), std::begin(kAssemblyCounts), std::end(kAssemblyCounts));
  }
  for (const Count& count : counts) {
    Status written = WriteControlFile(proc, count.name, count.max);
    // Unless this kernel has not what it counts.
    if (!written.ok() && faccessat(proc, count.name, F_OK, 0) == 0) return written;
  }
  return {};
}

// The host's goes to the scaffold, and with it.
Status MountProc(const Spec& spec) {
  if (LeftOut(Layer::kOwnProc)) return {};
  Result<UniqueFd> proc = NewProc();
  if (!proc.ok()) return proc.status();
  if (Status status = LimitCounts(spec, proc->get()); !status.ok()) return status;
  UniqueFd hosts(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!hosts.valid()) return SystemError("opening the host's /proc");
  if (mkdir(kHostsProc, 0700) != 0) return SystemError("making a folder for the host's /proc");
  if (Status status = Attach(hosts.get(), kHostsProc); !status.ok()) return status;
  return Attach(proc->get(), "/proc");
}

// Takes the scaffold off, with all that lies below it. It waits for all processors. Above it
// nothing may lie: that alone would be taken off.
Status Detach(int scaffold) {
  if (LeftOut(Layer::kHostProcDetached)) return {};
  if (fchdir(scaffold) != 0 || umount2(".", MNT_DETACH) != 0 || chdir("/") != 0) {
    return SystemError("taking off the scaffold");
  }
  return {};
}

// A masked /proc would keep the assembler from mounting one in its chroot; there the masks are not
// needed either: nobody inside is the host's root.
bool IsProcCovered(const Spec& spec) {
  return spec.profile == Profile::kBuild && !LeftOut(Layer::kOwnProc) && !LeftOut(Layer::kProcMask);
}

// One tmpfs bounds /tmp and /dev/shm together, and holds what is laid over /proc, so that there is
// one to make and to take down, which is slow.
Result<UniqueFd> MakeScaffold(const Spec& spec) {
  std::vector<std::string> options = {"mode=0755"};
  AddDiskLimits(spec.limits, kScaffoldRoom, &options);
  Result<UniqueFd> mount = NewFilesystem("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
  if (!mount.ok()) return mount;
  Status attached = Attach(mount->get(), kScaffold);
  return attached.ok() ? std::move(mount) : attached;
}

Status MountTemporary(const Spec& spec, int scaffold) {
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
  if (IsProcCovered(spec)) {
    if (Status status = CoverProc(spec, scaffold); !status.ok()) return status;
  }
  if (Status status = Detach(scaffold); !status.ok()) return status;
  if (Status status = Attach(parts[0].get(), "/tmp"); !status.ok()) return status;
  return Attach(parts[1].get(), "/dev/shm");
}

}  // namespace

Status MountOwnProc() {
  Result<UniqueFd> proc = NewProc();
  return proc.ok() ? Attach(proc->get(), "/proc") : proc.status();
}

Status MountStage(const Spec& spec, UniqueFd* locks) {
  Result<UniqueFd> scaffold = MakeScaffold(spec);
  if (!scaffold.ok()) return scaffold.status();
  if (Status status = MountProc(spec); !status.ok()) return status;
  *locks = UniqueFd(open("/proc/locks", O_RDONLY | O_CLOEXEC));
  if (!locks->valid() && errno != ENOENT) return SystemError("opening /proc/locks");
  if (Status status = MountTemporary(spec, scaffold->get()); !status.ok()) return status;
  Result<UniqueFd> terminals =
      NewFilesystem("devpts", {"mode=0620", "ptmxmode=0666", kTerminalsMax},
                    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
  if (!terminals.ok()) return terminals.status();
  return Attach(terminals->get(), "/dev/pts");
}

}  // namespace sandbox
