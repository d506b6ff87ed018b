#include "sandbox/filter.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/filter_lists.h"

namespace sandbox {
namespace {

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t Errno(int error) {
  return SECCOMP_RET_ERRNO | static_cast<unsigned>(error);
}

// Executes `filter` as the kernel would. Only the instructions that libseccomp and we make.
std::uint32_t Execute(const Filter& filter, const seccomp_data& data) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < filter.size(); ++at) {
    const sock_filter& now = filter[at];
    switch (now.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&data) + now.k, 4);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= now.k;
        break;
      case BPF_JMP | BPF_JA:
        at += now.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += accumulator == now.k ? now.jt : now.jf;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        at += accumulator > now.k ? now.jt : now.jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        at += accumulator >= now.k ? now.jt : now.jf;
        break;
      case BPF_RET | BPF_K:
        return now.k;
      default:
        ADD_FAILURE() << "instruction " << now.code;
        return 0;
    }
  }
  ADD_FAILURE() << "fell off the end";
  return 0;
}

struct Row {
  const char* name;
  long number;
  std::vector<std::uint64_t> arguments;
  std::uint32_t build;
  std::uint32_t assembly;
};

std::uint32_t Judge(const Spec& spec, const Row& row,
                    std::uint32_t architecture = AUDIT_ARCH_X86_64) {
  Result<Filter> filter = MakeFilter(spec);
  EXPECT_TRUE(filter.ok());
  seccomp_data data = {};
  data.nr = static_cast<int>(row.number);
  data.arch = architecture;
  for (std::size_t i = 0; i < row.arguments.size(); ++i) data.args[i] = row.arguments[i];
  return Execute(*filter, data);
}

std::uint32_t Judge(Profile profile, const Row& row,
                    std::uint32_t architecture = AUDIT_ARCH_X86_64) {
  Spec spec;
  spec.profile = profile;
  return Judge(spec, row, architecture);
}

std::uint32_t Judge(Determinism level, const Row& row) {
  Spec spec;
  spec.determinism = level;
  return Judge(spec, row);
}

constexpr std::uint64_t kHigh = std::uint64_t{1} << 32;
constexpr std::uint64_t kMemory = MAP_PRIVATE | MAP_ANONYMOUS;

TEST(Filter, JudgesEachCall) {
  const Row rows[] = {
      {"read", SYS_read, {}, kAllow, kAllow},
      {"execve", SYS_execve, {}, kAllow, kAllow},
      {"msgget, which fakeroot needs", SYS_msgget, {}, kAllow, kAllow},
      {"semop, which fakeroot needs", SYS_semop, {}, kAllow, kAllow},
      {"a call that nobody knows", 9999, {}, Errno(ENOSYS), Errno(ENOSYS)},
      {"memory without a map", SYS_memfd_create, {}, Errno(ENOSYS), Errno(ENOSYS)},
      {"the machine's processors", SYS_sched_getaffinity, {}, Errno(ENOSYS), kAllow},
      {"clone3", SYS_clone3, {}, Errno(ENOSYS), Errno(ENOSYS)},
      {"own limits", SYS_prlimit64, {0, 7, 1}, kAllow, kAllow},
      {"own limits, with bits that the kernel ignores",
       SYS_prlimit64,
       {kHigh, 7, 1},
       kAllow,
       kAllow},
      {"limits of init", SYS_prlimit64, {1, 7, 1}, Errno(EPERM), Errno(EPERM)},
      {"limits of init, from high memory",
       SYS_prlimit64,
       {1, 7, kHigh},
       Errno(EPERM),
       Errno(EPERM)},
      {"to see limits of init", SYS_prlimit64, {1, 7, 0, 1}, kAllow, kAllow},
      {"rules of Landlock", SYS_landlock_create_ruleset, {}, Errno(ENOSYS), Errno(ENOSYS)},
      {"io_uring_setup", SYS_io_uring_setup, {}, Errno(ENOSYS), Errno(ENOSYS)},
      {"keyctl", SYS_keyctl, {}, Errno(EPERM), Errno(EPERM)},
      {"bpf", SYS_bpf, {}, Errno(EPERM), Errno(EPERM)},
      {"userfaultfd", SYS_userfaultfd, {}, Errno(EPERM), Errno(EPERM)},
      {"perf_event_open", SYS_perf_event_open, {}, Errno(EPERM), Errno(EPERM)},
      {"open_by_handle_at", SYS_open_by_handle_at, {}, Errno(EPERM), Errno(EPERM)},
      {"ptrace", SYS_ptrace, {}, kAllow, Errno(EPERM)},
      {"mount", SYS_mount, {}, Errno(EPERM), kAllow},
      {"chroot", SYS_chroot, {}, Errno(EPERM), kAllow},
      {"setns", SYS_setns, {}, Errno(EPERM), Errno(EPERM)},
      {"unshare mounts", SYS_unshare, {CLONE_NEWNS}, Errno(EPERM), kAllow},
      {"unshare users", SYS_unshare, {CLONE_NEWUSER | CLONE_NEWNS}, Errno(EPERM), Errno(EPERM)},
      {"unshare groups", SYS_unshare, {CLONE_NEWCGROUP}, Errno(EPERM), Errno(EPERM)},
      {"unshare messages", SYS_unshare, {CLONE_NEWIPC}, Errno(EPERM), Errno(EPERM)},
      {"unshare the net", SYS_unshare, {CLONE_NEWNET}, Errno(EPERM), Errno(EPERM)},
      {"unshare the name", SYS_unshare, {CLONE_NEWUTS}, Errno(EPERM), Errno(EPERM)},
      {"clone groups", SYS_clone, {CLONE_NEWCGROUP | 17}, Errno(ENOSYS), Errno(EPERM)},
      {"fork by clone", SYS_clone, {CLONE_CHILD_SETTID | 17}, kAllow, kAllow},
      {"thread by clone", SYS_clone, {CLONE_VM | CLONE_THREAD | CLONE_SIGHAND}, kAllow, kAllow},
      {"clone mounts", SYS_clone, {CLONE_NEWNS}, Errno(ENOSYS), kAllow},
      {"clone users", SYS_clone, {CLONE_NEWUSER | 17}, Errno(ENOSYS), Errno(EPERM)},
      {"clone processes", SYS_clone, {CLONE_NEWPID | 17}, Errno(ENOSYS), kAllow},
      {"unix", SYS_socket, {AF_UNIX}, kAllow, kAllow},
      {"inet6", SYS_socket, {AF_INET6, SOCK_STREAM}, kAllow, kAllow},
      {"vsock", SYS_socket, {AF_VSOCK}, Errno(EAFNOSUPPORT), Errno(EAFNOSUPPORT)},
      {"vsock and a high bit",
       SYS_socket,
       {kHigh | AF_VSOCK},
       Errno(EAFNOSUPPORT),
       Errno(EAFNOSUPPORT)},
      {"alg", SYS_socket, {AF_ALG}, Errno(EAFNOSUPPORT), Errno(EAFNOSUPPORT)},
      {"route", SYS_socket, {AF_NETLINK, 3, NETLINK_ROUTE}, kAllow, kAllow},
      {"netfilter",
       SYS_socket,
       {AF_NETLINK, 3, NETLINK_NETFILTER},
       Errno(EPROTONOSUPPORT),
       Errno(EPROTONOSUPPORT)},
      {"a pair", SYS_socketpair, {AF_UNIX}, kAllow, kAllow},
      {"a pair of vsock", SYS_socketpair, {AF_VSOCK}, Errno(EAFNOSUPPORT), Errno(EAFNOSUPPORT)},
      {"window size", SYS_ioctl, {0, TIOCGWINSZ}, kAllow, kAllow},
      {"TIOCSTI", SYS_ioctl, {0, TIOCSTI}, Errno(EPERM), Errno(EPERM)},
      {"TIOCSTI and a high bit", SYS_ioctl, {0, kHigh | TIOCSTI}, Errno(EPERM), Errno(EPERM)},
      {"TIOCLINUX", SYS_ioctl, {0, TIOCLINUX}, Errno(EPERM), Errno(EPERM)},
      {"FIFO", SYS_mknodat, {0, 0, S_IFIFO | 0600}, kAllow, kAllow},
      {"device", SYS_mknodat, {0, 0, S_IFCHR | 0600}, Errno(EPERM), kAllow},
      {"disk", SYS_mknod, {0, S_IFBLK | 0600}, Errno(EPERM), kAllow},
      {"setarch -R", SYS_personality, {ADDR_NO_RANDOMIZE}, kAllow, kAllow},
      {"executable data", SYS_personality, {READ_IMPLIES_EXEC}, Errno(ENOSYS), Errno(ENOSYS)},
      {"keep the owner", SYS_fchownat, {0, 0, 1000, 0xffffffff}, kAllow, kAllow},
      {"give to root", SYS_fchownat, {0, 0, 0, 0}, Errno(EPERM), kAllow},
      {"give to a group", SYS_lchown, {0, 0xffffffff, 0}, Errno(EPERM), kAllow},
      {"give, with a high bit", SYS_chown, {0, kHigh, 1000}, Errno(EPERM), kAllow},
      {"become oneself", SYS_setresuid, {1000, 1000, 1000}, kAllow, kAllow},
      {"become root", SYS_setuid, {0}, Errno(EPERM), kAllow},
      {"save root", SYS_setresgid, {1000, 1000, 0}, Errno(EPERM), kAllow},
      {"sync of the host's disks", SYS_sync, {}, Errno(0), Errno(0)},
      {"sync of the disk of a folder", SYS_syncfs, {}, Errno(0), Errno(0)},
      {"sync of a file", SYS_fsync, {}, kAllow, kAllow},
      {"memory", SYS_mmap, {0, 4096, 3, kMemory}, kAllow, kAllow},
      {"huge pages", SYS_mmap, {0, 4096, 3, kMemory | MAP_HUGETLB}, Errno(ENOMEM), Errno(ENOMEM)},
      {"huge pages of a size",
       SYS_mmap,
       {0, 4096, 3, kMemory | MAP_HUGETLB | 30u << MAP_HUGE_SHIFT},
       Errno(ENOMEM),
       Errno(ENOMEM)},
      {"segment", SYS_shmget, {0, 4096, IPC_CREAT}, kAllow, kAllow},
      {"huge segment",
       SYS_shmget,
       {0, 4096, IPC_CREAT | SHM_HUGETLB},
       Errno(ENOMEM),
       Errno(ENOMEM)},
      {"line discipline", SYS_ioctl, {0, TIOCSETD}, Errno(EPERM), Errno(EPERM)},
      {"bridges", SYS_ioctl, {0, SIOCGIFBR}, Errno(EPERM), Errno(EPERM)},
      {"virtual networks", SYS_ioctl, {0, SIOCGIFVLAN}, Errno(EPERM), Errno(EPERM)},
      {"frame relay and a high bit",
       SYS_ioctl,
       {0, kHigh | SIOCADDDLCI},
       Errno(EPERM),
       Errno(EPERM)},
      {"addresses of interfaces", SYS_ioctl, {0, SIOCGIFCONF}, kAllow, kAllow},
      {"lock", SYS_fcntl, {3, F_SETLK}, kAllow, kAllow},
      {"lease", SYS_fcntl, {3, F_SETLEASE, F_RDLCK}, Errno(EPERM), Errno(EPERM)},
      {"lease and a high bit", SYS_fcntl, {3, kHigh | F_SETLEASE}, Errno(EPERM), Errno(EPERM)},
      {"F_NOTIFY", SYS_fcntl, {3, F_NOTIFY}, Errno(EPERM), Errno(EPERM)},
      {"F_SETDELEG", SYS_fcntl, {3, 1040}, Errno(EPERM), Errno(EPERM)},
      {"give memory back", SYS_madvise, {0, 4096, MADV_DONTNEED}, kAllow, kAllow},
      {"merge memory", SYS_madvise, {0, 4096, MADV_MERGEABLE}, Errno(EINVAL), Errno(EINVAL)},
      {"merge all memory", SYS_prctl, {67, 1}, Errno(EINVAL), Errno(EINVAL)},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Judge(Profile::kBuild, row), row.build) << row.name;
    EXPECT_EQ(Judge(Profile::kAssembly, row), row.assembly) << row.name;
  }
}

// Landlock knows TCP alone, and to look for a protocol the kernel loads modules.
TEST(Filter, OfTheInternetThereAreTcpAndUdp) {
  struct SocketRow {
    const char* name;
    std::uint64_t type;
    std::uint64_t protocol;
    std::uint32_t action;
  };
  constexpr std::uint64_t kFlags = SOCK_CLOEXEC | SOCK_NONBLOCK;
  const SocketRow rows[] = {
      {"a stream", SOCK_STREAM, 0, kAllow},
      {"a stream with flags", SOCK_STREAM | kFlags, 0, kAllow},
      {"TCP", SOCK_STREAM, IPPROTO_TCP, kAllow},
      {"datagrams", SOCK_DGRAM, 0, kAllow},
      {"UDP with flags", SOCK_DGRAM | kFlags, IPPROTO_UDP, kAllow},
      {"multipath TCP", SOCK_STREAM, IPPROTO_MPTCP, Errno(EPROTONOSUPPORT)},
      {"and high bits", kHigh | SOCK_STREAM, kHigh | IPPROTO_MPTCP, Errno(EPROTONOSUPPORT)},
      {"SCTP", SOCK_STREAM, IPPROTO_SCTP, Errno(EPROTONOSUPPORT)},
      {"SMC", SOCK_STREAM, 256, Errno(EPROTONOSUPPORT)},
      {"L2TP", SOCK_DGRAM, 115, Errno(EPROTONOSUPPORT)},
      {"UDP-Lite", SOCK_DGRAM, IPPROTO_UDPLITE, Errno(EPROTONOSUPPORT)},
      {"ping", SOCK_DGRAM, IPPROTO_ICMP, Errno(EPROTONOSUPPORT)},
      {"ping of version 6", SOCK_DGRAM, IPPROTO_ICMPV6, Errno(EPROTONOSUPPORT)},
      {"packets, of SCTP if it is there", SOCK_SEQPACKET, 0, Errno(ESOCKTNOSUPPORT)},
      {"DCCP", SOCK_DCCP, 0, Errno(ESOCKTNOSUPPORT)},
      {"the old name of AF_PACKET", SOCK_PACKET, 0, Errno(ESOCKTNOSUPPORT)},
      {"raw", SOCK_RAW, IPPROTO_ICMP, Errno(EPERM)},
  };
  for (Profile profile : {Profile::kBuild, Profile::kAssembly}) {
    for (std::uint64_t family : {AF_INET, AF_INET6}) {
      for (const SocketRow& row : rows) {
        Row call = {row.name, SYS_socket, {family, row.type, row.protocol}, 0, 0};
        EXPECT_EQ(Judge(profile, call), row.action) << row.name;
      }
    }
  }
  Row other = {"packets of AF_UNIX", SYS_socket, {AF_UNIX, SOCK_SEQPACKET, 0}, 0, 0};
  EXPECT_EQ(Judge(Profile::kBuild, other), kAllow);
}

// The words of a list of filter_lists.h.
std::vector<std::string> Words(std::string_view names) {
  std::vector<std::string> words;
  while (!names.empty()) {
    std::size_t end = std::min(names.find(' '), names.size());
    words.emplace_back(names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return words;
}

// A call of this name that its arguments do not forbid.
Row Harmless(const std::string& name) {
  int number = seccomp_syscall_resolve_name(name.c_str());
  EXPECT_GE(number, 0) << name;
  if (name == "socket" || name == "socketpair") return {"", number, {AF_UNIX}, 0, 0};
  if (name == "prlimit64") return {"", number, {0, 7, 1}, 0, 0};
  // Whose user and group are the command's own; to ioctl, mmap and shmget it is nothing.
  return {"", number, {1000, 1000, 1000, 1000, 1000, 1000}, 0, 0};
}

TEST(Filter, AllowsAndRefusesWhatIsListed) {
  const std::vector<std::string> in_assembly = Words(kAllowedInAssembly);
  const std::vector<std::string> not_in_assembly = Words(kRefusedInAssembly);
  auto has = [](const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  for (const std::string& name : Words(kAllowed)) {
    const Row call = Harmless(name);
    EXPECT_EQ(Judge(Profile::kBuild, call), kAllow) << name;
    EXPECT_EQ(Judge(Profile::kAssembly, call), has(not_in_assembly, name) ? Errno(EPERM) : kAllow)
        << name;
  }
  for (const std::string& name : Words(kRefused)) {
    const Row call = Harmless(name);
    for (Determinism level : {Determinism::kOff, Determinism::kFixed, Determinism::kFull}) {
      EXPECT_EQ(Judge(level, call), Errno(EPERM)) << name;
    }
    // unshare's flags are told in JudgesEachCall.
    if (name == "unshare") continue;
    EXPECT_EQ(Judge(Profile::kAssembly, call), has(in_assembly, name) ? kAllow : Errno(EPERM))
        << name;
  }
  for (const std::string& name : in_assembly) {
    EXPECT_EQ(Judge(Profile::kAssembly, Harmless(name)), kAllow) << name;
  }
  for (const std::string& name : Words(kSynchronising)) {
    EXPECT_EQ(Judge(Profile::kBuild, Harmless(name)), Errno(0)) << name;
    EXPECT_EQ(Judge(Profile::kAssembly, Harmless(name)), Errno(0)) << name;
  }
}

// What a kernel has learned since is not there in either profile.
TEST(Filter, WhatIsOnNoListIsNotThere) {
  constexpr long kLast = 1000;
  std::set<long> listed;
  for (const char* list : {kAllowed, kRefused, kAllowedInAssembly, kSynchronising}) {
    for (const std::string& name : Words(list)) {
      listed.insert(seccomp_syscall_resolve_name(name.c_str()));
    }
  }
  // Those that look at their arguments, in no list of the build's.
  for (long number : {SYS_clone, SYS_personality}) listed.insert(number);
  std::size_t others = 0;
  for (long number = 0; number <= kLast; ++number) {
    if (listed.count(number) != 0) continue;
    ++others;
    Row call = {"", number, {}, 0, 0};
    EXPECT_EQ(Judge(Profile::kBuild, call), Errno(ENOSYS)) << number;
    EXPECT_EQ(Judge(Profile::kAssembly, call), Errno(ENOSYS)) << number;
  }
  EXPECT_GT(others, 600u);
}

TEST(Filter, KillsOtherEntries) {
  for (Profile profile : {Profile::kBuild, Profile::kAssembly}) {
    Row getpid = {"getpid", SYS_getpid, {}, 0, 0};
    EXPECT_EQ(Judge(profile, getpid, AUDIT_ARCH_I386), SECCOMP_RET_KILL_PROCESS);
    Row x32 = {"x32 getpid", 0x40000000 | SYS_getpid, {}, 0, 0};
    EXPECT_EQ(Judge(profile, x32), SECCOMP_RET_KILL_PROCESS);
  }
}

TEST(Filter, NoCallIsNoOtherEntry) {
  Row none = {"syscall(-1), a tracer's word for none", -1, {}, 0, 0};
  EXPECT_EQ(Judge(Profile::kBuild, none), Errno(ENOSYS));
  EXPECT_EQ(Judge(Profile::kAssembly, none), Errno(ENOSYS));
}

TEST(Filter, JudgesTheFirstAndTheLastOfARun) {
  const Row rows[] = {
      {"below the first", 0, {}, kAllow, kAllow},
      {"pidfd_open", SYS_pidfd_open, {}, kAllow, kAllow},
      {"clone3", SYS_pidfd_open + 1, {}, Errno(ENOSYS), Errno(ENOSYS)},
      {"close_range", SYS_pidfd_open + 2, {}, kAllow, kAllow},
      {"openat2", SYS_pidfd_open + 3, {}, kAllow, kAllow},
      {"pidfd_getfd", SYS_pidfd_open + 4, {}, Errno(EPERM), Errno(EPERM)},
      {"faccessat2", SYS_pidfd_open + 5, {}, kAllow, kAllow},
      {"past the last", 0x3fffffff, {}, Errno(ENOSYS), Errno(ENOSYS)},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Judge(Profile::kBuild, row), row.build) << row.name;
    EXPECT_EQ(Judge(Profile::kAssembly, row), row.assembly) << row.name;
  }
}

TEST(Filter, FitsIntoTheKernel) {
  for (Determinism level : {Determinism::kOff, Determinism::kFixed, Determinism::kFull}) {
    Spec spec;
    spec.determinism = level;
    Result<Filter> filter = MakeFilter(spec);
    ASSERT_TRUE(filter.ok()) << filter.message();
    EXPECT_LE(filter->size(), static_cast<std::size_t>(BPF_MAXINSNS));
  }
}

TEST(Filter, LevelsAnswerAndTraceWhatTheySay) {
  constexpr std::uint32_t kNotify = SECCOMP_RET_USER_NOTIF;
  constexpr std::uint32_t kTrace = SECCOMP_RET_TRACE;
  constexpr std::uint64_t kNever = 0xffffffff;  // -1, as an int
  constexpr int kPrivate = FUTEX_PRIVATE_FLAG;
  struct LevelRow {
    const char* name;
    long number;
    std::vector<std::uint64_t> arguments;
    std::uint32_t full;
    std::uint32_t fixed;
  };
  const LevelRow rows[] = {
      {"read", SYS_read, {}, kAllow, kAllow},
      {"clock", SYS_clock_gettime, {}, kNotify, kAllow},
      {"chance", SYS_getrandom, {}, kNotify, kAllow},
      {"file", SYS_newfstatat, {}, kNotify, kNotify},
      {"folder", SYS_getdents64, {}, kNotify, kNotify},
      {"folder, the old way", SYS_getdents, {}, Errno(ENOSYS), Errno(ENOSYS)},
      {"birth", SYS_clone, {17}, kTrace, kAllow},
      {"birth with a new network", SYS_clone, {CLONE_NEWNET}, Errno(ENOSYS), Errno(ENOSYS)},
      {"birth unseen", SYS_clone, {CLONE_UNTRACED | 17}, Errno(EPERM), kAllow},
      {"a thread's birth unseen",
       SYS_clone,
       {kHigh | CLONE_VM | CLONE_THREAD | CLONE_SIGHAND | CLONE_UNTRACED},
       Errno(EPERM),
       kAllow},
      {"birth by pointer", SYS_clone3, {8, 88}, Errno(ENOSYS), Errno(ENOSYS)},
      {"the vDSO again", SYS_arch_prctl, {0x2003, kHigh}, Errno(EPERM), kAllow},
      {"the vDSO of x32", SYS_arch_prctl, {0x2001, kHigh}, Errno(EPERM), kAllow},
      {"the vDSO of 32 bits", SYS_arch_prctl, {0x2002, kHigh}, Errno(EPERM), kAllow},
      {"a fault of CPUID", SYS_arch_prctl, {0x1012, 0}, Errno(ENODEV), kAllow},
      {"a thread's memory", SYS_arch_prctl, {0x1002, kHigh}, kAllow, kAllow},
      {"vfork", SYS_vfork, {}, kTrace, kAllow},
      {"sleep", SYS_nanosleep, {}, kTrace, kAllow},
      {"poll for a second", SYS_poll, {0, 0, 1000}, kTrace, kAllow},
      {"poll at once", SYS_poll, {0, 0, 0}, kAllow, kAllow},
      {"poll without end", SYS_poll, {0, 0, kNever}, kAllow, kAllow},
      {"ppoll without end", SYS_ppoll, {0, 0, 0}, kAllow, kAllow},
      {"ppoll with an end", SYS_ppoll, {0, 0, 8}, kTrace, kAllow},
      {"ppoll with an end far up", SYS_ppoll, {0, 0, kHigh}, kTrace, kAllow},
      {"wait", SYS_futex, {0, FUTEX_WAIT | kPrivate, 0, 8}, kTrace, kAllow},
      {"wait until", SYS_futex, {0, FUTEX_WAIT_BITSET | kPrivate, 0, 8}, kTrace, kAllow},
      {"wait for good", SYS_futex, {0, FUTEX_WAIT | kPrivate, 0, 0}, kAllow, kAllow},
      {"wake, which has a number there", SYS_futex, {0, FUTEX_WAKE_OP, 1, 1}, kAllow, kAllow},
      {"requeue", SYS_futex, {0, FUTEX_CMP_REQUEUE | kPrivate, 1, 1}, kAllow, kAllow},
      {"another's addresses", SYS_personality, {0}, Errno(0), kAllow},
      {"the counter again", SYS_prctl, {PR_SET_TSC}, Errno(EPERM), kAllow},
      {"another tracer", SYS_ptrace, {}, Errno(EPERM), kAllow},
      {"restartable sequences", SYS_rseq, {}, Errno(ENOSYS), kAllow},
      {"time left of a timer", SYS_timer_gettime, {}, kTrace, kAllow},
      {"time left of a descriptor", SYS_timerfd_gettime, {}, kTrace, kAllow},
      {"time left of an alarm", SYS_getitimer, {}, kTrace, kAllow},
      {"messages until a time", SYS_recvmmsg, {3, 8, 1, 0, 8}, kTrace, kAllow},
      {"messages", SYS_recvmmsg, {3, 8, 1, 0, 0}, kAllow, kAllow},
      {"times of a segment", SYS_shmctl, {0, IPC_STAT}, kTrace, kAllow},
      {"times of a segment, with a high bit", SYS_shmctl, {0, kHigh | IPC_STAT}, kTrace, kAllow},
      {"times of everybody's segment", SYS_shmctl, {0, 15}, kTrace, kAllow},
      {"times of a segment by its place", SYS_shmctl, {0, 13}, kTrace, kAllow},
      {"end of a segment", SYS_shmctl, {0, IPC_RMID}, kAllow, kAllow},
      {"times of semaphores", SYS_semctl, {0, 0, IPC_STAT}, kTrace, kAllow},
      {"times of semaphores by their place", SYS_semctl, {0, 0, 18}, kTrace, kAllow},
      {"times of everybody's semaphores", SYS_semctl, {0, 0, 20}, kTrace, kAllow},
      {"value of a semaphore", SYS_semctl, {0, 0, 12}, kAllow, kAllow},
      {"times of a queue", SYS_msgctl, {0, IPC_STAT}, kTrace, kAllow},
      {"times of a queue by its place", SYS_msgctl, {0, 11}, kTrace, kAllow},
      {"times of everybody's queue", SYS_msgctl, {0, 13}, kTrace, kAllow},
      {"a name", SYS_bind, {3, 8, 2}, kNotify, kAllow},
      {"a listener", SYS_listen, {3, 1}, kNotify, kAllow},
      {"a peer", SYS_connect, {3, 8, 16}, kNotify, kAllow},
      {"words to somebody", SYS_sendto, {3, 8, 1, 0, 8, 16}, kNotify, kAllow},
      {"words to somebody far up", SYS_sendto, {3, 8, 1, 0, kHigh, 16}, kNotify, kAllow},
      {"words to a peer", SYS_sendto, {3, 8, 1, 0, 0, 0}, kAllow, kAllow},
      {"time of each packet", SYS_setsockopt, {3, SOL_SOCKET, 35}, Errno(ENOPROTOOPT), kAllow},
      {"the last of the list", SYS_setsockopt, {3, SOL_SOCKET, 65}, Errno(ENOPROTOOPT), kAllow},
      {"high bits",
       SYS_setsockopt,
       {3, kHigh | SOL_SOCKET, kHigh | 29},
       Errno(ENOPROTOOPT),
       kAllow},
      {"another option", SYS_setsockopt, {3, SOL_SOCKET, SO_REUSEADDR}, kAllow, kAllow},
      {"the number of another level", SYS_setsockopt, {3, IPPROTO_TCP, 35}, kAllow, kAllow},
      {"all of a packet's times", SYS_setsockopt, {3, SOL_SOCKET, 37}, Errno(ENOPROTOOPT), kAllow},
      {"new times", SYS_setsockopt, {3, SOL_SOCKET, 63}, Errno(ENOPROTOOPT), kAllow},
      {"new times, finer", SYS_setsockopt, {3, SOL_SOCKET, 64}, Errno(ENOPROTOOPT), kAllow},
      {"a socket's processor", SYS_getsockopt, {3, SOL_SOCKET, 49}, Errno(ENOPROTOOPT), kAllow},
      {"a socket's cookie", SYS_getsockopt, {3, SOL_SOCKET, 57}, Errno(ENOPROTOOPT), kAllow},
      {"a net's cookie", SYS_getsockopt, {3, SOL_SOCKET, 71}, Errno(ENOPROTOOPT), kAllow},
      {"what to read", SYS_getsockopt, {3, SOL_SOCKET, SO_ERROR}, kAllow, kAllow},
      {"when it came", SYS_ioctl, {3, 0x8907}, Errno(ENOTTY), kAllow},
      {"when it came, in new times", SYS_ioctl, {3, 0x80108906}, Errno(ENOTTY), kAllow},
      {"a process", SYS_ioctl, {3, 0xc040ff0b}, Errno(ENOTTY), Errno(ENOTTY)},
      {"more of a process", SYS_ioctl, {3, 0xc048ff0b}, Errno(ENOTTY), Errno(ENOTTY)},
      {"a namespace", SYS_ioctl, {3, kHigh | 0x8008b70d}, Errno(ENOTTY), Errno(ENOTTY)},
      {"a file system", SYS_ioctl, {3, 0x80111500}, Errno(ENOTTY), Errno(ENOTTY)},
      {"places on a disk", SYS_ioctl, {3, 0xc020660b}, Errno(ENOTTY), Errno(ENOTTY)},
      {"a file system's place", SYS_ioctl, {3, 0x80811501}, Errno(ENOTTY), Errno(ENOTTY)},
      {"a file system, in ext4's way", SYS_ioctl, {3, 0x8008662c}, Errno(ENOTTY), Errno(ENOTTY)},
      {"a file system's label", SYS_ioctl, {3, 0x81009431}, Errno(ENOTTY), Errno(ENOTTY)},
      {"a file system of btrfs", SYS_ioctl, {3, 0x8400941f}, Errno(ENOTTY), Errno(ENOTTY)},
      {"a file's generation", SYS_ioctl, {3, 0x80087601}, Errno(ENOTTY), Errno(ENOTTY)},
      {"a namespace of mounts", SYS_ioctl, {3, 0x8008b705}, Errno(ENOTTY), Errno(ENOTTY)},
      {"facts of a namespace", SYS_ioctl, {3, 0x8010b70a}, Errno(ENOTTY), Errno(ENOTTY)},
      {"the next namespace", SYS_ioctl, {3, 0x8010b70b}, Errno(ENOTTY), Errno(ENOTTY)},
      {"the namespace before", SYS_ioctl, {3, 0x8010b70c}, Errno(ENOTTY), Errno(ENOTTY)},
      {"bytes that wait", SYS_ioctl, {3, FIONREAD}, kAllow, kAllow},
      {"flags of a file", SYS_ioctl, {3, 0x80086601}, kAllow, kAllow},
      {"a clone of a file", SYS_ioctl, {3, 0x40049409}, kAllow, kAllow},
      {"mount", SYS_mount, {}, Errno(EPERM), Errno(EPERM)},
      {"vsock", SYS_socket, {AF_VSOCK}, Errno(EAFNOSUPPORT), Errno(EAFNOSUPPORT)},
  };
  for (const LevelRow& row : rows) {
    Row call = {row.name, row.number, row.arguments, 0, 0};
    EXPECT_EQ(Judge(Determinism::kFull, call), row.full) << row.name;
    EXPECT_EQ(Judge(Determinism::kFixed, call), row.fixed) << row.name;
  }
}

// What a level lets the tracer see must not come from another entry.
TEST(Filter, KillsOtherEntriesUnderALevelToo) {
  Spec spec;
  spec.determinism = Determinism::kFull;
  for (long number : {SYS_poll, SYS_futex, SYS_fork, SYS_clock_gettime}) {
    Row call = {"", number, {0, FUTEX_WAIT, 1, 1}, 0, 0};
    EXPECT_EQ(Judge(spec, call, AUDIT_ARCH_I386), SECCOMP_RET_KILL_PROCESS) << number;
  }
}

}  // namespace
}  // namespace sandbox
