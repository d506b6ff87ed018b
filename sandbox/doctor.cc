#include "sandbox/doctor.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>

#include "sandbox/authority.h"
#include "sandbox/cgroup.h"
#include "sandbox/counter.h"
#include "sandbox/exec_view.h"
#include "sandbox/filter.h"
#include "sandbox/landlock.h"
#include "sandbox/monitor.h"
#include "sandbox/mounts.h"
#include "sandbox/text.h"

namespace sandbox {
namespace {

// Runs `probe` in a child with `flags`, as a caller without any map. The exit code, or -1.
int InChild(std::uint64_t flags, int (*probe)()) {
  pid_t pid = Clone(flags, nullptr);
  if (pid < 0) return -1;
  if (pid == 0) _exit(probe());
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int ProbeNothing() { return 0; }

int ProbeMounts() {
  if (!NewFilesystem("tmpfs", {}, 0).ok()) return 1;
  if (!NewFilesystem("devpts", {}, 0).ok()) return 2;
  return NewFilesystem("proc", {}, 0).ok() ? 0 : 3;
}

Finding Kernel() {
  utsname name = {};
  uname(&name);
  int major = 0;
  int minor = 0;
  std::sscanf(name.release, "%d.%d", &major, &minor);
  bool recent = major > 5 || (major == 5 && minor >= 19);
  return {"kernel", true, recent, std::string("Linux ") + name.release,
          "boot Linux 5.19 or newer (Debian 12 has 6.1)"};
}

int ProbeTmpfs() { return NewFilesystem("tmpfs", {}, 0).ok() ? 0 : 1; }

// AppArmor of Ubuntu 23.10 and newer lets no unprivileged program use what a user namespace gives,
// unless it has a profile that does.
bool AppArmorRestricts() {
  Result<std::string> text = ReadFile("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 64);
  return text.ok() && Trim(*text) == "1" && geteuid() != 0 &&
         InChild(CLONE_NEWUSER | CLONE_NEWNS, ProbeTmpfs) != 0;
}

Finding AppArmor() {
  bool restricts = AppArmorRestricts();
  return {"apparmor", true, !restricts, restricts ? "restricts user namespaces" : "no restriction",
          "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or give farm-sandbox a profile "
          "with the rule userns"};
}

// One finding for each kind, in a user namespace of its own as in a run.
void AddNamespaces(std::vector<Finding>* findings) {
  struct Kind {
    const char* name;
    std::uint64_t flag;
    const char* remedy;
  };
  const Kind kinds[] = {
      {"user namespace", 0,
       "sysctl user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1 "
       "kernel.apparmor_restrict_unprivileged_userns=0; in a container: a seccomp profile that "
       "allows clone3 and unshare"},
      {"mount namespace", CLONE_NEWNS, "sysctl user.max_mnt_namespaces=10000"},
      {"pid namespace", CLONE_NEWPID, "CONFIG_PID_NS=y; sysctl user.max_pid_namespaces=10000"},
      {"net namespace", CLONE_NEWNET, "CONFIG_NET_NS=y; sysctl user.max_net_namespaces=10000"},
      {"ipc namespace", CLONE_NEWIPC, "CONFIG_IPC_NS=y; sysctl user.max_ipc_namespaces=10000"},
      {"uts namespace", CLONE_NEWUTS, "CONFIG_UTS_NS=y; sysctl user.max_uts_namespaces=10000"},
      {"cgroup namespace", CLONE_NEWCGROUP,
       "CONFIG_CGROUPS=y; sysctl user.max_cgroup_namespaces=10000"},
      {"time namespace", CLONE_NEWTIME, "CONFIG_TIME_NS=y; sysctl user.max_time_namespaces=10000"},
  };
  for (const Kind& kind : kinds) {
    bool present = InChild(CLONE_NEWUSER | kind.flag, ProbeNothing) == 0;
    findings->push_back({kind.name, true, present, present ? "allowed" : "refused", kind.remedy});
  }
}

Finding Mounts() {
  int code = InChild(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID, ProbeMounts);
  return {"mounts inside", true, code == 0,
          code == 0   ? "tmpfs, devpts, proc"
          : code == 3 ? "no /proc of its own"
                      : "no tmpfs or devpts",
          "in a container: give it an unmasked /proc (docker: --security-opt "
          "systempaths=unconfined, and a seccomp profile that allows mounts)"};
}

int ProbeOverlay() {
  // Two empty layers, on folders that every host has; in a mount namespace of its own.
  for (const char* path : {"/proc", "/sys"}) {
    Result<UniqueFd> layer = NewFilesystem("tmpfs", {}, 0);
    if (!layer.ok() || !Attach(layer->get(), path).ok()) return 1;
  }
  return NewFilesystem("overlay", {"lowerdir=/proc:/sys", "redirect_dir=nofollow", "xino=on"}, 0)
                 .ok()
             ? 0
             : 1;
}

Finding Overlay() {
  bool present = InChild(CLONE_NEWUSER | CLONE_NEWNS, ProbeOverlay) == 0;
  return {"overlay", true, present, present ? "allowed" : "refused",
          "modprobe overlay (CONFIG_OVERLAY_FS); needed for --root-dir"};
}

Finding Landlock() {
  int abi = LandlockAbi();
  return {"landlock", true, abi >= kLandlockAbiMin, "ABI " + std::to_string(abi),
          "boot with lsm=landlock,... (CONFIG_SECURITY_LANDLOCK=y)"};
}

bool HasSeccompAction(std::uint32_t action) {
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

Finding Seccomp() {
  bool present = MakeFilter(Spec{}).ok() && HasSeccompAction(SECCOMP_RET_KILL_PROCESS) &&
                 HasSeccompAction(SECCOMP_RET_ERRNO);
  return {"seccomp", true, present, present ? "filters" : "no filters", "CONFIG_SECCOMP_FILTER=y"};
}

// What the deterministic level stands on; nothing else needs it.
Finding SeccompNotification() {
  bool present = HasSeccompAction(SECCOMP_RET_USER_NOTIF) && HasSeccompAction(SECCOMP_RET_TRACE);
  return {"seccomp notification", false, present, present ? "user_notif, trace" : "refused",
          "boot Linux 5.0 or newer with CONFIG_SECCOMP_FILTER=y"};
}

int ProbePtrace() {
  pid_t pid = fork();
  if (pid == 0) _exit(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1);
  int status = 0;
  return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

Finding Ptrace() {
  bool present = InChild(CLONE_NEWUSER, ProbePtrace) == 0;
  return {"ptrace", false, present, present ? "allowed" : "refused",
          "sysctl kernel.yama.ptrace_scope=1 (or 0); in a container: a seccomp profile that allows "
          "ptrace"};
}

int ProbeTimestampCounter() { return HideCounter() ? 0 : 1; }

Finding TimestampCounter() {
  bool present = InChild(0, ProbeTimestampCounter) == 0;
  return {
      "tsc faulting", false, present, present ? "rdtsc can be trapped" : "cannot be trapped",
      "an x86-64 processor, and a hypervisor that keeps to CR4.TSD; there is no other way to hide "
      "its clock, and the result of --determinism full says that it is visible"};
}

Finding Fuse() {
  UniqueFd device(open("/dev/fuse", O_RDWR | O_CLOEXEC));
  bool present = device.valid();
  return {"fuse", false, present, present ? "/dev/fuse opens" : std::strerror(errno),
          "modprobe fuse; chmod 666 /dev/fuse, as udev does; --determinism full serves /dev/random "
          "through it"};
}

// 0: can be chosen.
int ProbeLastPid() {
  Result<UniqueFd> proc = NewFilesystem("proc", {}, 0);
  if (!proc.ok()) return 1;
  return WriteControlFile(proc->get(), "sys/kernel/ns_last_pid", "100").ok() ? 0 : 2;
}

Finding LastPid() {
  bool present = InChild(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID, ProbeLastPid) == 0;
  return {"ns_last_pid", false, present,
          present ? "can be set in a pid namespace" : "cannot be set",
          "CONFIG_CHECKPOINT_RESTORE=y, and an unmasked /proc"};
}

// 0: they can be given back.
int ProbeKernelsPages() {
  const std::optional<KernelsPages> pages = KernelsPagesFinder().Find(getpid());
  if (!pages.has_value()) return 1;
  if (pages->begin == 0) return 0;
  auto* begin = reinterpret_cast<void*>(pages->begin);
  return munmap(begin, pages->end - pages->begin) == 0 ? 0 : 2;
}

Finding Vdso() {
  const int result = InChild(0, ProbeKernelsPages);
  if (result == 1) {
    return {"vdso", false, false, "cannot be found",
            "the /proc of this pid namespace, and process_vm_readv allowed"};
  }
  bool present = result == 0;
  return {"vdso", false, present, present ? "can be unmapped" : "cannot be unmapped",
          "a kernel without CONFIG_MSEAL_SYSTEM_MAPPINGS: --determinism full takes the vDSO out of "
          "each program"};
}

Finding Devices() {
  std::string missing;
  for (const char* device : kDevices) {
    struct stat status = {};
    std::string path = std::string("/dev/") + device;
    if (stat(path.c_str(), &status) != 0 || !S_ISCHR(status.st_mode)) missing += " " + path;
  }
  return {"devices", true, missing.empty(),
          missing.empty() ? "null zero full random urandom" : "missing:" + missing,
          "make the missing device nodes"};
}

bool HasMonitor() { return std::getenv(kMonitorVariable) != nullptr; }

Finding SubordinateRange() {
  // It does not start without a range.
  if (HasMonitor()) return {"id range", false, true, "the monitor's", ""};
  if (geteuid() == 0) {
    return {"id range", false, true, "root: give --subids BASE:COUNT, or use the monitor", ""};
  }
  SubordinateIds ids = CallersSubordinateIds();
  bool present = ids.uids.count >= 65536 && ids.gids.count >= 65536;
  return {"id range", false, present,
          present ? std::to_string(ids.uids.base) + ":" + std::to_string(ids.uids.count)
                  : "one id only: roots cannot be assembled, owners are not kept",
          "apt-get install uidmap; usermod --add-subuids 1000000-1065535 --add-subgids "
          "1000000-1065535 USER; or start through farm-sandbox monitor"};
}

Finding Monitor() {
  bool present = HasMonitor();
  if (!present && geteuid() == 0) {
    return {"monitor", false, true, "root's own, for each run with --subids", ""};
  }
  return {
      "monitor", false, present, present ? kMonitorVariable : "none",
      "as root: farm-sandbox monitor --uid U --gid G --subids BASE:COUNT -- COMMAND; without it: "
      "no images, no kernel-enforced memory limit"};
}

// The controllers that are there for whoever may use them.
std::string Controllers() {
  std::string version2;
  std::string version1;
  Result<std::string> mounts = ReadFile("/proc/self/mounts", 1 << 20);
  if (!mounts.ok()) return "unknown";
  for (const std::string& line : Split(*mounts, '\n')) {
    std::vector<std::string> fields = Split(line, ' ');
    if (fields.size() < 4) continue;
    if (fields[2] == "cgroup2") {
      Result<std::string> text = ReadFile((fields[1] + "/cgroup.controllers").c_str(), 4096);
      version2 += " " + (text.ok() && !Trim(*text).empty() ? Trim(*text) : "no controller");
    }
    if (fields[2] != "cgroup") continue;
    for (const std::string& option : Split(fields[3], ',')) {
      for (const char* wanted : {"memory", "pids", "cpu", "cpuacct"}) {
        if (option == wanted) version1 += " " + option;
      }
    }
  }
  return "v2:" + (version2.empty() ? " not mounted" : version2) +
         "; v1:" + (version1.empty() ? " none" : version1);
}

Finding Cgroups() {
  constexpr const char* kRemedy =
      "mount -t cgroup2 none /sys/fs/cgroup, with the memory and pids controllers (boot with "
      "cgroup_enable=memory where it is off); version 1 will do for the controllers, but cgroup2 "
      "must be mounted too; in a container: give it a writable /sys/fs/cgroup";
  std::string controllers = Controllers();
  if (HasMonitor()) {
    // Only read, not tried: the monitor makes a group for no process but one that a build is in.
    bool present = controllers.find(" memory") != std::string::npos &&
                   controllers.find(" pids") != std::string::npos;
    return {"cgroup", false, present, "the monitor's, of " + controllers, kRemedy};
  }
  if (geteuid() != 0) {
    return {"cgroup", false, false, "an ordinary user has none of " + controllers,
            "start through the monitor (as root: farm-sandbox monitor ...)"};
  }
  CgroupTree tree = OpenCgroupTree("farm-sandbox-doctor");
  for (const std::string& path : tree.folders) rmdir(path.c_str());
  return {"cgroup", false, tree.version != 0,
          (tree.version != 0 ? "memory and pids by v" + std::to_string(tree.version) : tree.why) +
              " (" + controllers + ")",
          kRemedy};
}

// Whether the kernel wants a block device. Needs root.
bool WantsBlockDevice() {
  std::string source = "source=/proc/self/exe";
  errno = 0;
  // It holds no image, so it is never mounted; what the kernel says of it differs.
  return !NewFilesystem("erofs", {"ro", source}, 0).ok() && errno == ENOTBLK;
}

Finding Erofs() {
  Result<std::string> text = ReadFile("/proc/filesystems", 65536);
  bool known = text.ok() && text->find("\terofs\n") != std::string::npos;
  bool root = geteuid() == 0;
  bool wants_device = known && root && WantsBlockDevice();
  bool present = known && (!wants_device || access("/dev/loop-control", R_OK | W_OK) == 0);
  return {"erofs", false, present,
          !known         ? "not in /proc/filesystems"
          : !root        ? "in the kernel; the monitor mounts it"
          : wants_device ? "in the kernel, through loop devices"
                         : "in the kernel, from files",
          known ? "modprobe loop; in a container: give it /dev/loop-control and /dev/loop*"
                : "modprobe erofs (and loop before Linux 6.12); needed for --root-image only"};
}

}  // namespace

std::vector<Finding> Examine() {
  std::vector<Finding> findings = {Kernel()};
  AddNamespaces(&findings);
  for (const Finding& finding :
       {AppArmor(), Mounts(), Overlay(), Landlock(), Seccomp(), Devices(), SubordinateRange(),
        Monitor(), Cgroups(), Erofs(), SeccompNotification(), Ptrace(), TimestampCounter(),
        LastPid(), Vdso(), Fuse()}) {
    findings.push_back(finding);
  }
  for (Finding& finding : findings) {
    if (finding.present) finding.remedy.clear();
  }
  return findings;
}

int Doctor(bool json) {
  std::string lines = json ? "{\"format\":\"farm-sandbox-doctor/1\",\"findings\":[" : "";
  bool usable = true;
  bool first = true;
  for (const Finding& finding : Examine()) {
    usable = usable && (finding.present || !finding.needed);
    if (json) {
      lines += first ? "" : ",";
      lines += "{\"name\":" + JsonString(finding.name) +
               ",\"needed\":" + (finding.needed ? "true" : "false") +
               ",\"present\":" + (finding.present ? "true" : "false") +
               ",\"detail\":" + JsonString(finding.detail) +
               ",\"remedy\":" + JsonString(finding.remedy) + "}";
    } else {
      lines += std::string(finding.present  ? "yes      "
                           : finding.needed ? "MISSING  "
                                            : "no       ") +
               finding.name + ": " + finding.detail + "\n";
      if (!finding.remedy.empty()) lines += "           remedy: " + finding.remedy + "\n";
    }
    first = false;
  }
  if (json) lines += std::string("],\"usable\":") + (usable ? "true" : "false") + "}\n";
  if (!WriteAll(1, lines).ok()) return 70;
  return usable ? 0 : 30;
}

}  // namespace sandbox
