#include "sandbox/confine.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "sandbox/counter.h"
#include "sandbox/inspect.h"
#include "sandbox/landlock.h"
#include "sandbox/layers.h"
#include "sandbox/limits.h"
#include "sandbox/system.h"
#include "sandbox/text.h"

namespace sandbox {
namespace {

constexpr std::uint64_t Bit(int capability) { return std::uint64_t{1} << capability; }

// What maintainer scripts and mmdebstrap use; each is confined to the user namespace.
constexpr std::uint64_t kAssemblyCapabilities =
    Bit(CAP_CHOWN) | Bit(CAP_DAC_OVERRIDE) | Bit(CAP_DAC_READ_SEARCH) | Bit(CAP_FOWNER) |
    Bit(CAP_FSETID) | Bit(CAP_KILL) | Bit(CAP_SETGID) | Bit(CAP_SETUID) | Bit(CAP_SETPCAP) |
    Bit(CAP_SETFCAP) | Bit(CAP_SYS_CHROOT) | Bit(CAP_SYS_ADMIN) | Bit(CAP_MKNOD);
constexpr int kCapabilitiesMax = 64;
constexpr std::size_t kMountsBytesMax = 16 << 20;
constexpr const char* kDefaultPath = "/usr/local/bin:/usr/bin:/bin";

std::uint64_t KeptCapabilities(Profile profile) {
  return profile == Profile::kAssembly ? kAssemblyCapabilities : 0;
}

// Whether others may look into this process until the command is executed.
bool MayBeDumped(bool may) { return prctl(PR_SET_DUMPABLE, may ? 1 : 0, 0, 0, 0) == 0; }

// With one id mapped, /proc/self/uid_map would tell whose it is on the host. One more user
// namespace that maps the id to itself shows that instead, and has no right over any other
// namespace.
Status HideCallersId(const Spec& spec) {
  // The kernel makes none for whoever has another root beneath his own.
  if (LeftOut(Layer::kHostRootDetached) || LeftOut(Layer::kCallersIdHidden)) return {};
  // Of a process that cannot be dumped, as init's child is, /proc belongs to the host's root.
  if (!MayBeDumped(true)) return SystemError("opening /proc/self");
  if (unshare(CLONE_NEWUSER) != 0) return SystemError("user namespace of the command");
  struct Map {
    const char* path;
    std::uint32_t id;
  };
  for (const Map& map :
       {Map{"/proc/self/gid_map", spec.gid}, Map{"/proc/self/uid_map", spec.uid}}) {
    const std::string id = std::to_string(map.id);
    Status written = WriteControlFile(AT_FDCWD, map.path, id + " " + id + " 1");
    if (!written.ok()) return written;
  }
  return {};
}

Status SetIds(const Spec& spec, bool has_range) {
  if (LeftOut(Layer::kInsideIds)) return {};
  // With one id mapped, the kernel forbids setgroups: groups of the caller stay, unmapped.
  if (has_range && setgroups(0, nullptr) != 0) return SystemError("setgroups");
  if (setresgid(spec.gid, spec.gid, spec.gid) != 0) {
    return SystemError("setting the group id " + std::to_string(spec.gid));
  }
  if (setresuid(spec.uid, spec.uid, spec.uid) != 0) {
    return SystemError("setting the user id " + std::to_string(spec.uid));
  }
  return {};
}

Status DropPrivileges(const Spec& spec, bool has_range) {
  std::uint64_t keep = KeptCapabilities(spec.profile);
  if (!LeftOut(Layer::kNoNewPrivileges) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return SystemError("no_new_privs");
  }
  if (LeftOut(Layer::kCapabilities)) return SetIds(spec, has_range);
  if (Status status = DropBoundingSet(keep); !status.ok()) return status;
  if (Status status = SetIds(spec, has_range); !status.ok()) return status;
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) {
    return SystemError("ambient capabilities");
  }
  if (CapabilitiesSet(keep, keep, 0) != 0) return SystemError("dropping capabilities");
  // Whatever fs.suid_dumpable made of it at the change of ids.
  if (!MayBeDumped(false)) return SystemError("PR_SET_DUMPABLE");
  return {};
}

// By the command's own ids. Said here, before it starts, and not by whatever it makes of it.
Status VerifyWork(const Spec& spec) {
  if (spec.work_directory.empty() || access("/build", W_OK | X_OK) == 0) return {};
  const std::string uid = std::to_string(spec.uid);
  const Status failed = SystemError("--work " + spec.work_directory + ": the user inside, uid " +
                                    uid + ", may not write there");
  return Status::Failed(failed.message() +
                        " (chmod 0777 it, and give the folder above it mode 0700, so that nobody "
                        "else of the host comes there; or with --subids BASE:COUNT as root: chown "
                        "it to BASE + " +
                        uid + "); nothing was started");
}

// The C library's signal() refuses those that it keeps to itself.
void RestoreSignal(int signal) {
  std::uint64_t none[4] = {};  // the kernel's struct sigaction: handler, flags, restorer, mask
  syscall(SYS_rt_sigaction, signal, none, nullptr, sizeof(std::uint64_t));
}

// Those that are ignored; of the others execve forgets the handlers.
Status ResetSignals() {
  Result<std::uint64_t> ignored = StatusMask("SigIgn");
  if (!ignored.ok()) return ignored.status();
  for (int signal = 1; signal < NSIG; ++signal) {
    if ((*ignored & Bit(signal - 1)) != 0) RestoreSignal(signal);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  return {};
}

Status ArrangeDescriptors(int log, int report_pipe, int release) {
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0) return SystemError("opening /dev/null");
  if (dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0) return SystemError("dup2");
  return LeftOut(Layer::kCloseDescriptors) ? Status() : CloseAllExcept({report_pipe, release});
}

// What of a process the kernel chooses by chance, or lets it find out without a system call. From
// here on this process must not read a clock: the C library would read the processor's counter.
Status FixTheProcess(bool* counter_is_hidden) {
#ifdef __x86_64__
  if (personality(ADDR_NO_RANDOMIZE) < 0) return SystemError("fixing addresses");
#endif
  *counter_is_hidden = HideCounter();
  return {};
}

const char* FindPath(const std::vector<std::string>& environment) {
  for (const std::string& entry : environment) {
    if (entry.rfind("PATH=", 0) == 0) return entry.c_str() + 5;
  }
  return kDefaultPath;
}

std::vector<char*> Pointers(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

Status Execute(const Spec& spec, const std::vector<std::string>& argv) {
  std::vector<char*> words = Pointers(argv);
  std::vector<char*> given = Pointers(spec.environment);
  char** environment = LeftOut(Layer::kEmptyEnvironment) ? environ : given.data();
  const std::string& program = argv[0];
  std::vector<std::string> candidates;
  if (program.find('/') != std::string::npos) {
    candidates.push_back(program);
  } else {
    for (const std::string& part : Split(FindPath(spec.environment), ':')) {
      candidates.push_back((part.empty() ? "." : part) + "/" + program);
    }
  }
  int error = ENOENT;
  for (const std::string& path : candidates) {
    execve(path.c_str(), words.data(), environment);
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
  }
  errno = error;
  return SystemError("executing " + program);
}

Status Missing(const char* wall) {
  return Status::Failed(std::string("a wall is missing: ") + wall + "; nothing was started");
}

Status VerifyIdentity(const Spec& spec) {
  uid_t real, effective, saved;
  if (getresuid(&real, &effective, &saved) != 0 || real != spec.uid || effective != spec.uid ||
      saved != spec.uid) {
    return Missing("user id");
  }
  gid_t groups[3];
  if (getresgid(&groups[0], &groups[1], &groups[2]) != 0 || groups[0] != spec.gid ||
      groups[1] != spec.gid || groups[2] != spec.gid) {
    return Missing("group id");
  }
  std::uint64_t capabilities[3];
  std::uint64_t keep = KeptCapabilities(spec.profile);
  if (CapabilitiesGet(&capabilities[0], &capabilities[1], &capabilities[2]) != 0 ||
      ((capabilities[0] | capabilities[1] | capabilities[2]) & ~keep) != 0) {
    return Missing("capabilities are not dropped");
  }
  return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? Status() : Missing("no_new_privs");
}

// Once it is known that /proc is our own.
Status VerifyBoundingSet(Profile profile) {
  Result<std::uint64_t> bounding = StatusMask("CapBnd");
  if (!bounding.ok()) return bounding.status();
  return (*bounding & ~KeptCapabilities(profile)) == 0 ? Status()
                                                       : Missing("capability bounding set");
}

bool HasMountFlags(const char* path, unsigned long flags) {
  struct statvfs status = {};
  return statvfs(path, &status) == 0 && (status.f_flag & flags) == flags;
}

Status VerifyMounts(Profile profile) {
  if (!HasMountFlags("/", ST_RDONLY | ST_NOSUID | ST_NODEV)) return Missing("read-only root");
  if (!HasMountFlags("/dev", ST_RDONLY | ST_NOSUID)) return Missing("read-only /dev");
  // A root that the host's still lies over leads there.
  struct stat root = {};
  struct stat above = {};
  if (stat("/", &root) != 0 || stat("/..", &above) != 0 || root.st_dev != above.st_dev ||
      root.st_ino != above.st_ino) {
    return Missing("the host's root is still there");
  }
  // Another pid namespace's would give another number.
  char self[32] = {};
  if (readlink("/proc/self", self, sizeof self - 1) < 0 || self != std::to_string(getpid())) {
    return Missing("own /proc");
  }
  struct stat status = {};
  if (profile == Profile::kBuild && stat("/proc/sys/kernel", &status) == 0) {
    return Missing("masked /proc/sys");
  }
  // In the list there are as many as were mounted, whatever lies over them. In the assembly's room
  // there is one more, of its own pid namespace.
  int own = profile == Profile::kAssembly && !LeftOut(Layer::kAssemblyRoom) ? 2 : 1;
  Result<std::string> mounts = ReadFile("/proc/self/mountinfo", kMountsBytesMax);
  if (!mounts.ok()) return mounts.status();
  return VerifyProcMounts(*mounts, own).ok() ? Status()
                                             : Missing("the host's /proc is still there");
}

// Whether this process may not write where it is the owner and the mount is writable.
bool IsKeptByLandlock() {
  // A change of ids gave /proc/self to root; the command's own will be its own.
  if (!MayBeDumped(true)) return false;
  UniqueFd file(open("/proc/self/comm", O_WRONLY | O_CLOEXEC));
  bool is_kept = !file.valid() && errno == EACCES;
  return MayBeDumped(false) && is_kept;
}

}  // namespace

Status DropBoundingSet(std::uint64_t keep) {
  for (int capability = 0; capability < kCapabilitiesMax; ++capability) {
    if ((keep & Bit(capability)) != 0) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    // Beyond the last that this kernel knows.
    return errno == EINVAL && capability > CAP_SETPCAP ? Status() : SystemError("bounding set");
  }
  return {};
}

Status VerifyWalls(const Spec& spec) {
  if (LeftOut(Layer::kVerifyWalls)) return {};
  if (Status status = VerifyIdentity(spec); !status.ok()) return status;
  if (getppid() != 1) return Missing("pid namespace");
  Result<std::string> cgroups = ReadFile("/proc/self/cgroup", 4096);
  if (!cgroups.ok()) return cgroups.status();
  if (!VerifyCgroupNamespace(*cgroups).ok()) return Missing("cgroup namespace");
  if (Status status = VerifyMounts(spec.profile); !status.ok()) return status;
  if (Status status = VerifyBoundingSet(spec.profile); !status.ok()) return status;
  // Under the other profile files are not what it confines.
  if (spec.profile == Profile::kBuild && !IsKeptByLandlock()) return Missing("Landlock");
  return {};
}

Status ConfineAndExecute(const Spec& spec, const Filter& filter, const Command& command,
                         int report_pipe, int release) {
  if (Status status = ResetSignals(); !status.ok()) return status;
  if (!LeftOut(Layer::kNewSession) && setsid() < 0) return SystemError("setsid");
  if (Status status = ArrangeDescriptors(command.log, report_pipe, release); !status.ok()) {
    return status;
  }
  if (Status status = SetRlimits(spec, command.memory_is_observed); !status.ok()) return status;
  if (!LeftOut(Layer::kUmask)) umask(spec.umask);
  if (!command.has_range && spec.profile == Profile::kBuild) {
    if (Status status = HideCallersId(spec); !status.ok()) return status;
  }
  if (Status status = DropPrivileges(spec, command.has_range); !status.ok()) return status;
  if (Status status = VerifyWork(spec); !status.ok()) return status;
  if (chdir(command.working_directory.c_str()) != 0) {
    return SystemError("entering " + command.working_directory);
  }
  Result<int> landlock = RestrictWithLandlock(spec.profile, spec.loopback);
  if (!landlock.ok()) return landlock.status();
  if (Status status = VerifyWalls(spec); !status.ok()) return status;
  bool counter_is_hidden = false;
  if (spec.determinism == Determinism::kFull) {
    if (Status status = FixTheProcess(&counter_is_hidden); !status.ok()) return status;
  }
  // After the change of ids, which forbids it: init is to look into this process.
  if (spec.determinism != Determinism::kOff && !MayBeDumped(true)) {
    return SystemError("PR_SET_DUMPABLE");
  }
  Result<UniqueFd> listener = LoadFilter(filter, spec.determinism != Determinism::kOff);
  if (!listener.ok()) return listener.status();
  if (!LeftOut(Layer::kVerifyWalls) && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 2) {
    return Status::Failed("a wall is missing: seccomp; nothing was started");
  }
  Confined confined = {*landlock, "allow-list", listener->get(), counter_is_hidden};
  Status told = WriteAll(report_pipe, ConfinedText(confined));
  if (!told.ok()) return told;
  char byte;
  if (read(release, &byte, 1) != 1) return Status::Failed("init is gone");
  return Execute(spec, command.argv);
}

std::string ConfinedText(const Confined& confined) {
  return "confined " + std::to_string(confined.landlock_abi) + " " + confined.seccomp + " " +
         std::to_string(confined.listener + 1) + (confined.counter_is_hidden ? " 1" : " 0") + "\n";
}

bool TakeConfined(std::string* report, Confined* confined) {
  std::size_t end = report->find('\n');
  if (end == std::string::npos) return false;
  std::vector<std::string> words = Split(std::string_view(*report).substr(0, end), ' ');
  std::uint64_t abi = 0;
  std::uint64_t listener = 0;  // and one
  std::uint64_t hidden = 0;
  if (words.size() != 5 || words[0] != "confined" || !ParseNumber(words[1], 1000, &abi) ||
      !ParseNumber(words[3], 1 << 20, &listener) || !ParseNumber(words[4], 1, &hidden)) {
    return false;
  }
  *confined = {static_cast<int>(abi), words[2], static_cast<int>(listener) - 1, hidden == 1};
  report->erase(0, end + 1);
  return true;
}

}  // namespace sandbox
