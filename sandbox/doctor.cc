#include "sandbox/doctor.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "sandbox/authority.h"
#include "sandbox/cgroup.h"
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

Finding UserNamespaces() {
  constexpr std::uint64_t kAll = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
                                 CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWCGROUP;
  bool present = InChild(kAll, ProbeNothing) == 0;
  return {"user namespaces", true, present, present ? "allowed" : std::strerror(errno),
          "sysctl user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1 "
          "kernel.apparmor_restrict_unprivileged_userns=0"};
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

Finding Landlock() {
  int abi = LandlockAbi();
  return {"landlock", true, abi >= kLandlockAbiMin, "ABI " + std::to_string(abi),
          "boot with lsm=landlock,... (CONFIG_SECURITY_LANDLOCK=y)"};
}

int ProbeSeccomp() {
  // Loading without no_new_privs and without capabilities must fail with EACCES: it is there.
  Result<Filter> filter = MakeFilter(Spec{});
  if (!filter.ok()) return 1;
  return access("/proc/sys/kernel/seccomp/actions_avail", F_OK) == 0 ? 0 : 2;
}

Finding Seccomp() {
  bool present = ProbeSeccomp() == 0;
  return {"seccomp", true, present, present ? "filters" : "no filters", "CONFIG_SECCOMP_FILTER=y"};
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

Finding SubordinateRange() {
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
  bool present = std::getenv(kMonitorVariable) != nullptr;
  return {
      "monitor", false, present, present ? kMonitorVariable : "none",
      "as root: farm-sandbox monitor --uid U --gid G --subids BASE:COUNT -- COMMAND; without it: "
      "no images, no kernel-enforced memory limit"};
}

Finding Cgroups() {
  if (geteuid() != 0) {
    return {"cgroup", false, false, "an ordinary user has none", "start through the monitor"};
  }
  CgroupTree tree = OpenCgroupTree("farm-sandbox-doctor");
  for (const std::string& path : tree.folders) rmdir(path.c_str());
  return {"cgroup", false, tree.version != 0,
          tree.version != 0 ? "v" + std::to_string(tree.version) + " memory and pids" : tree.why,
          "mount cgroup2 with the memory and pids controllers"};
}

Finding Erofs() {
  Result<std::string> text = ReadFile("/proc/filesystems", 65536);
  bool present = text.ok() && text->find("\terofs\n") != std::string::npos;
  return {"erofs", false, present, present ? "in the kernel" : "not in /proc/filesystems",
          "modprobe erofs (and loop before Linux 6.12); needed for --root-image only"};
}

}  // namespace

std::vector<Finding> Examine() {
  std::vector<Finding> findings = {Kernel(),  UserNamespaces(),   Mounts(),  Landlock(), Seccomp(),
                                   Devices(), SubordinateRange(), Monitor(), Cgroups(),  Erofs()};
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
