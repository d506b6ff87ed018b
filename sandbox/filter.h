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
// kBuild: an allow-list; what is not on it gets ENOSYS, so that the C library falls back. Doors to
// other worlds (keys, bpf, perf, mounts, namespaces, ...) get EPERM. Arguments are looked at:
//   socket      AF_UNIX, AF_INET, AF_INET6, AF_NETLINK with NETLINK_ROUTE; else EAFNOSUPPORT
//   socketpair  AF_UNIX; the kernel would make sockets of another family before it refuses
//   clone       no CLONE_NEW* flag; clone3 is ENOSYS, for its flags lie behind a pointer
//   ioctl       no TIOCSTI, no TIOCLINUX (compared in 32 bits, as the kernel does)
//   chown, set*id   to other ids than the command's own: EPERM, as for any user without privilege;
//               the kernel's EINVAL for an id that is not mapped here would stop fakeroot
//   mknod       no devices; personality: no flags but those of setarch
// kAssembly: a deny-list; mounts, chroot and unshare (but of user namespaces) are allowed.
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
