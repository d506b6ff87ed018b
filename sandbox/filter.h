#pragma once

#include <linux/filter.h>

#include <vector>

#include "sandbox/spec.h"
#include "sandbox/status.h"
#include "sandbox/system.h"

namespace sandbox {

// A seccomp program. Making one is apart from loading one: it is made once, before the first fork,
// and a test can execute it.
using Filter = std::vector<sock_filter>;

// The system calls that the command may make.
//
// An allow-list; what is not on it gets ENOSYS, so that the C library falls back. Doors to other
// worlds (keys, bpf, perf, mounts, namespaces, ...) get EPERM. Arguments are looked at, in 32 bits,
// as the kernel does:
//   socket      AF_UNIX, AF_INET, AF_INET6, AF_NETLINK with NETLINK_ROUTE; else EAFNOSUPPORT. Of
//               the internet TCP and UDP: Landlock does not see MPTCP and the like, and the kernel
//               would load a module for any number
//   socketpair  AF_UNIX; the kernel would make sockets of another family before it refuses
//   ioctl       no terminal input (TIOCSTI, TIOCLINUX), and none for which the kernel loads
//               modules: line disciplines, bridges, virtual networks
//   mmap, shmget    no huge pages: the host's reserve, which no cgroup for memory counts
//   sync, syncfs    do nothing
//   prlimit64   no new limits of a process that is named by its number
//   fcntl       no leases, delegations and F_NOTIFY, which the host's programs would feel
//   madvise, prctl  no merging of equal pages with the host's others
// kBuild:
//   clone       no CLONE_NEW* flag; clone3 is ENOSYS, for its flags lie behind a pointer
//   chown, set*id   to other ids than the command's own: EPERM, as for any user without privilege;
//               the kernel's EINVAL for an id that is not mapped here would stop fakeroot
//   mknod       no devices; personality: no flags but those of setarch
// kAssembly: mounts, chroot, owners, and namespaces of mounts and processes are allowed as well;
// ptrace and the like are not.
// With a level of determinism, kBuild lets the notifier answer (SECCOMP_RET_USER_NOTIF) what the
// level makes the same everywhere, and lets the tracer see (SECCOMP_RET_TRACE) births and waits
// with an end in time. Calls that would undo the level are refused or do nothing. A system call of
// another architecture (int 0x80, x32) kills the process. Looks at spec.profile, spec.uid and
// spec.gid.
Result<Filter> MakeFilter(const Spec& spec);

// Loads `filter` for this process. no_new_privs must be set. `notifies`: returns the descriptor
// from which the notifications come (seccomp_unotify(2)); else an invalid one.
Result<UniqueFd> LoadFilter(const Filter& filter, bool notifies);

}  // namespace sandbox
