#pragma once

// The names behind MakeFilter, in the order of the x86-64 system call table; words, to be read as
// such.

namespace sandbox {

// What compilers, make, perl, tar, fakeroot, python3, cmake and their test suites use. System V
// messages and semaphores: fakeroot; the ipc namespace confines them. ptrace: leak sanitizers,
// debuggers' tests; a tracee keeps its filter.
inline constexpr const char kAllowed[] =
    "read write open close stat fstat lstat poll lseek mmap mprotect munmap brk rt_sigaction "
    "rt_sigprocmask rt_sigreturn ioctl pread64 pwrite64 readv writev access pipe select "
    "sched_yield mremap msync mincore madvise shmget shmat shmctl dup dup2 pause nanosleep "
    "getitimer alarm setitimer getpid sendfile socket connect accept sendto recvfrom sendmsg "
    "recvmsg shutdown bind listen getsockname getpeername socketpair setsockopt getsockopt fork "
    "vfork execve exit wait4 kill uname semget semop semctl shmdt msgget msgsnd msgrcv msgctl "
    "fcntl flock fsync fdatasync truncate ftruncate getdents getcwd chdir fchdir rename mkdir "
    "rmdir creat link unlink symlink readlink chmod fchmod chown fchown lchown umask "
    "gettimeofday getrlimit getrusage sysinfo times ptrace getuid getgid setuid setgid geteuid "
    "getegid setpgid getppid getpgrp setsid setreuid setregid getgroups setgroups setresuid "
    "getresuid setresgid getresgid getpgid setfsuid setfsgid getsid capget capset rt_sigpending "
    "rt_sigtimedwait rt_sigqueueinfo rt_sigsuspend sigaltstack utime statfs fstatfs getpriority "
    "setpriority sched_setparam sched_getparam sched_setscheduler sched_getscheduler "
    "sched_get_priority_max sched_get_priority_min sched_rr_get_interval mlock munlock mlockall "
    "munlockall prctl arch_prctl setrlimit gettid readahead setxattr lsetxattr fsetxattr "
    "getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr lremovexattr "
    "fremovexattr tkill time futex sched_setaffinity epoll_create getdents64 "
    "set_tid_address restart_syscall semtimedop fadvise64 timer_create timer_settime "
    "timer_gettime timer_getoverrun timer_delete clock_gettime clock_getres clock_nanosleep "
    "exit_group epoll_wait epoll_ctl tgkill utimes mq_open mq_unlink mq_timedsend "
    "mq_timedreceive mq_notify mq_getsetattr waitid ioprio_set ioprio_get inotify_init "
    "inotify_add_watch inotify_rm_watch openat mkdirat fchownat futimesat newfstatat unlinkat "
    "renameat linkat symlinkat readlinkat fchmodat faccessat pselect6 ppoll set_robust_list "
    "get_robust_list splice tee sync_file_range utimensat epoll_pwait signalfd timerfd_create "
    "eventfd fallocate timerfd_settime timerfd_gettime accept4 signalfd4 eventfd2 epoll_create1 "
    "dup3 pipe2 inotify_init1 preadv pwritev rt_tgsigqueueinfo recvmmsg prlimit64 "
    "sendmmsg process_vm_readv process_vm_writev getcpu sched_setattr sched_getattr renameat2 "
    "seccomp getrandom execveat membarrier mlock2 copy_file_range preadv2 pwritev2 "
    "pkey_mprotect pkey_alloc pkey_free statx rseq pidfd_send_signal pidfd_open close_range "
    "openat2 faccessat2 epoll_pwait2 futex_waitv";

// Under any level: answered by the notifier.
inline constexpr const char kFilesAnswered[] = "stat fstat lstat newfstatat statx getdents64";

// Under --determinism full: likewise.
inline constexpr const char kAnswered[] =
    "clock_gettime gettimeofday time times getrusage getrandom uname sysinfo sched_getaffinity "
    "getcpu statfs fstatfs bind listen connect";

// Under --determinism full: seen by the tracer at every call; clone too. Waits whose arguments tell
// whether they have an end in time are in MakePrelude.
inline constexpr const char kTraced[] =
    "fork vfork nanosleep clock_nanosleep restart_syscall timerfd_create timerfd_settime "
    "timerfd_gettime timer_settime timer_gettime timer_delete setitimer getitimer alarm";

// Under --determinism full: the commands of shmctl, semctl and msgctl that tell times, which the
// tracer sees: *_STAT of one by its id, by its place, and for everybody.
inline constexpr int kShmLooks[] = {2, 13, 15};
inline constexpr int kSemLooks[] = {2, 18, 20};
inline constexpr int kMsgLooks[] = {2, 11, 13};

// Under any level: ioctls that tell numbers of the machine, whatever the size of what they fill:
// type and number of each. As if the kernel had none: ENOTTY.
inline constexpr unsigned kUntoldRequests[] = {
    0x1500,  // FS_IOC_GETFSUUID: of a tmpfs it is made by chance
    0x1501,  // FS_IOC_GETFSSYSFSPATH
    0x662c,  // EXT4_IOC_GETFSUUID
    0x9431,  // FS_IOC_GETFSLABEL
    0x941f,  // BTRFS_IOC_FS_INFO
    0x7601,  // FS_IOC_GETVERSION: a number that the file got by chance
    0x660b,  // FS_IOC_FIEMAP: where on the disk a file lies
    0xff0b,  // PIDFD_GET_INFO: the number of the control group
    0xb705,  // NS_GET_MNTNS_ID, and all that count namespaces since the machine is up
    0xb70a,  // NS_MNT_GET_INFO
    0xb70b,  // NS_MNT_GET_NEXT
    0xb70c,  // NS_MNT_GET_PREV
    0xb70d,  // NS_GET_ID
};
inline constexpr unsigned kTypeAndNumber = 0xffff;  // of an ioctl

// Under --determinism full: when the last packet came (SIOCGSTAMP, SIOCGSTAMPNS).
inline constexpr unsigned kUntoldTimes[] = {0x8906, 0x8907};

// Under --determinism full: options of any socket (SOL_SOCKET) that tell the machine's time or
// numbers; as if the kernel had none: ENOPROTOOPT. For setting: SO_TIMESTAMP, SO_TIMESTAMPNS,
// SO_TIMESTAMPING, with the numbers of old and new times.
inline constexpr unsigned kUnsetOptions[] = {29, 35, 37, 63, 64, 65};
// For reading: SO_INCOMING_CPU, SO_COOKIE, SO_NETNS_COOKIE.
inline constexpr unsigned kUntoldOptions[] = {49, 57, 71};

// Under --determinism full: success and nothing else.
inline constexpr const char kWithoutEffect[] = "personality sched_setaffinity";

// Under any level: the C library has newer ones, which are answered.
inline constexpr const char kOldForms[] = "getdents";

// Known and refused, so that a program gets a clear answer.
inline constexpr const char kRefused[] =
    "mount umount2 pivot_root chroot unshare setns swapon swapoff reboot sethostname "
    "setdomainname iopl ioperm init_module finit_module delete_module kexec_load "
    "kexec_file_load quotactl acct settimeofday clock_settime adjtimex clock_adjtime syslog "
    "add_key request_key keyctl bpf perf_event_open userfaultfd fanotify_init fanotify_mark "
    "open_by_handle_at name_to_handle_at lookup_dcookie kcmp pidfd_getfd process_madvise "
    "move_pages migrate_pages vhangup modify_ldt open_tree move_mount fsopen fsconfig fsmount "
    "fspick mount_setattr memfd_secret vmsplice";

// They would wait for the disks of the whole host, and hold them up: success and nothing else. What
// is inside is gone after the run, or synchronised file by file.
inline constexpr const char kSynchronising[] = "sync syncfs";

// What mmdebstrap, apt, dpkg and maintainer scripts use beside kAllowed, some of it in kRefused:
// mounts, roots and owners of a user namespace of its own, all processors for packing. clone and
// unshare, which look at their flags, are in AssemblyRules.
inline constexpr const char kAllowedInAssembly[] =
    "mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick "
    "mount_setattr name_to_handle_at mknod mknodat sched_getaffinity";

// Of kAllowed: there one process may have rights that another lacks.
inline constexpr const char kRefusedInAssembly[] = "ptrace process_vm_readv process_vm_writev";

}  // namespace sandbox
