#include "sandbox/filter_prelude.h"

#include <linux/audit.h>
#include <linux/futex.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <iterator>
#include <vector>

#include "sandbox/filter_lists.h"

namespace sandbox {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

class Prelude {
 public:
  static constexpr std::uint32_t kFutexLockPi2 = 13;  // Linux 5.14

  // Compares argument `index` with `values`; on a hit, returns `action` if `refuse_hits`, else goes
  // on; on a miss the other way round.
  void Argument(long number, unsigned index, const std::vector<std::uint32_t>& values,
                bool refuse_hits, std::uint32_t action) {
    auto count = static_cast<std::uint8_t>(values.size());
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    // Over the load, the comparisons and the return.
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0,
                 static_cast<std::uint8_t>(count + 2)));
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LowHalf(index)));
    for (std::uint8_t i = 0; i < count; ++i) {
      std::uint8_t to_return = static_cast<std::uint8_t>(count - 1 - i);
      bool last = to_return == 0;
      std::uint8_t past_return = static_cast<std::uint8_t>(to_return + 1);
      std::uint8_t hit = refuse_hits ? to_return : past_return;
      std::uint8_t miss = last ? (refuse_hits ? past_return : to_return) : 0;
      Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, values[i], hit, miss));
    }
    Add(BPF_STMT(BPF_RET | BPF_K, action));
  }

  // The numbers below are those of one architecture.
  void KillOtherArchitectures() {
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
    Add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  }

  // Argument `index` is an int and greater than 0: a wait of so many milliseconds.
  void TraceIfPositive(long number, unsigned index) {
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 4));
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LowHalf(index)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0));
    Add(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x80000000, 1, 0));
    Add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
  }

  // Argument `index` is a pointer and not null: a wait with an end in time.
  void TraceIfPointer(long number, unsigned index) { IfPointer(number, index, SECCOMP_RET_TRACE); }
  void IfPointer(long number, unsigned index, std::uint32_t answer) {
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 5));
    AddPointerTest(index, answer);
  }

  // The futex operations that wait, with an end in time. For others argument 3 is no pointer.
  void TraceTimedFutex() {
    constexpr std::uint32_t kWaits[] = {FUTEX_WAIT, FUTEX_WAIT_BITSET, FUTEX_LOCK_PI,
                                        FUTEX_WAIT_REQUEUE_PI, kFutexLockPi2};
    constexpr auto kCount = static_cast<std::uint8_t>(std::size(kWaits));
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, kCount + 2 + 5));
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LowHalf(1)));
    Add(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, FUTEX_CMD_MASK & 0x7f));
    for (std::uint8_t i = 0; i < kCount; ++i) {
      bool last = i + 1 == kCount;
      Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kWaits[i], static_cast<std::uint8_t>(kCount - 1 - i),
                   static_cast<std::uint8_t>(last ? 5 : 0)));
    }
    AddPointerTest(3);
  }

  // New limits for a process that is named by its number. Limits of init, if it is the same user of
  // the host, keep it from watching, or end it.
  void RefuseLimitsOfOthers() {
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 0, 7));
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LowHalf(0)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 5, 0));
    AddPointerTest(2, SECCOMP_RET_ERRNO | EPERM);
  }

  // setsockopt or getsockopt of SOL_SOCKET with one of `options`.
  template <std::size_t kCount>
  void RefuseOptions(long number, const unsigned (&options)[kCount]) {
    constexpr auto count = static_cast<std::uint8_t>(kCount);
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, count + 4));
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LowHalf(1)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOL_SOCKET, 0, count + 2));
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LowHalf(2)));
    for (std::uint8_t i = 0; i < count; ++i) {
      const std::uint8_t to_return = static_cast<std::uint8_t>(count - 1 - i);
      const bool is_last = to_return == 0;
      Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, options[i], to_return,
                   static_cast<std::uint8_t>(is_last ? 1 : 0)));
    }
    Add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOPROTOOPT));
  }

  // AF_NETLINK with another protocol than NETLINK_ROUTE.
  void RefuseNetlinkProtocols(std::uint32_t action) {
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 5));
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LowHalf(0)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 3));
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LowHalf(2)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NETLINK_ROUTE, 1, 0));
    Add(BPF_STMT(BPF_RET | BPF_K, action));
  }

  // Of AF_INET and AF_INET6: other types and protocols than those of TCP and UDP.
  void RefuseInternetProtocols() {
    constexpr std::uint32_t kTypes = 0xf;  // SOCK_TYPE_MASK
    constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO;
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 15));
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LowHalf(0)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 12));
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LowHalf(1)));
    Add(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kTypes));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 4, 0));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_DGRAM, 3, 0));
    // As the kernel says to whoever lacks the capability.
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_RAW, 1, 0));
    Add(BPF_STMT(BPF_RET | BPF_K, kRefuse | ESOCKTNOSUPPORT));
    Add(BPF_STMT(BPF_RET | BPF_K, kRefuse | EPERM));
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LowHalf(2)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_IP, 3, 0));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 2, 0));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 1, 0));
    Add(BPF_STMT(BPF_RET | BPF_K, kRefuse | EPROTONOSUPPORT));
  }

  const Filter& instructions() const { return instructions_; }

 private:
  // Five instructions: not null is `action`.
  void AddPointerTest(unsigned index, std::uint32_t action = SECCOMP_RET_TRACE) {
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LowHalf(index)));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2));
    Add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LowHalf(index) + 4));
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0));
    Add(BPF_STMT(BPF_RET | BPF_K, action));
  }
  void Add(sock_filter instruction) { instructions_.push_back(instruction); }

  Filter instructions_;
};

// Calls that take a user or a group, with the places of both.
struct OwnerCall {
  long number;
  std::vector<unsigned> users;
  std::vector<unsigned> groups;
};

void RefuseOtherOwners(const Spec& spec, Prelude* prelude) {
  const OwnerCall calls[] = {
#ifdef SYS_chown
      {SYS_chown, {1}, {2}},          {SYS_lchown, {1}, {2}},
#endif
      {SYS_fchown, {1}, {2}},         {SYS_fchownat, {2}, {3}},       {SYS_setuid, {0}, {}},
      {SYS_setgid, {}, {0}},          {SYS_setreuid, {0, 1}, {}},     {SYS_setregid, {}, {0, 1}},
      {SYS_setresuid, {0, 1, 2}, {}}, {SYS_setresgid, {}, {0, 1, 2}},
  };
  constexpr std::uint32_t kUnchanged = 0xffffffff;
  constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
  for (const OwnerCall& call : calls) {
    for (unsigned index : call.users) {
      prelude->Argument(call.number, index, {spec.uid, kUnchanged}, false, kRefuse);
    }
    for (unsigned index : call.groups) {
      prelude->Argument(call.number, index, {spec.gid, kUnchanged}, false, kRefuse);
    }
  }
}

void TraceWaits(Prelude* prelude) {
  prelude->Argument(SYS_prctl, 0, {PR_SET_TSC}, true, SECCOMP_RET_ERRNO | EPERM);
#ifdef SYS_poll
  prelude->TraceIfPositive(SYS_poll, 2);
  prelude->TraceIfPositive(SYS_epoll_wait, 3);
  prelude->TraceIfPointer(SYS_select, 4);
#endif
  prelude->TraceIfPositive(SYS_epoll_pwait, 3);
  prelude->TraceIfPointer(SYS_ppoll, 2);
  prelude->TraceIfPointer(SYS_pselect6, 4);
  prelude->TraceIfPointer(SYS_epoll_pwait2, 3);
  prelude->TraceIfPointer(SYS_rt_sigtimedwait, 2);
  prelude->TraceIfPointer(SYS_semtimedop, 3);
  prelude->TraceIfPointer(SYS_mq_timedsend, 4);
  prelude->TraceIfPointer(SYS_mq_timedreceive, 4);
  prelude->TraceIfPointer(SYS_futex_waitv, 3);
  prelude->TraceIfPointer(SYS_recvmmsg, 4);
  prelude->TraceTimedFutex();
}

void RefuseTellingOptions(Prelude* prelude) {
  prelude->RefuseOptions(SYS_setsockopt, kUnsetOptions);
  prelude->RefuseOptions(SYS_getsockopt, kUntoldOptions);
}

}  // namespace

Filter MakePrelude(const Spec& spec) {
  constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO;
  Prelude prelude;
  prelude.KillOtherArchitectures();
  prelude.Argument(SYS_ioctl, 1,
                   {TIOCSTI, TIOCLINUX, TIOCSETD, SIOCGIFBR, SIOCSIFBR, SIOCBRADDBR, SIOCBRDELBR,
                    SIOCGIFVLAN, SIOCSIFVLAN, SIOCADDDLCI, SIOCDELDLCI},
                   true, kRefuse | EPERM);
  prelude.Argument(SYS_socket, 0, {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}, false,
                   kRefuse | EAFNOSUPPORT);
  prelude.Argument(SYS_socketpair, 0, {AF_UNIX}, false, kRefuse | EAFNOSUPPORT);
  prelude.RefuseNetlinkProtocols(kRefuse | EPROTONOSUPPORT);
  prelude.RefuseInternetProtocols();
  prelude.RefuseLimitsOfOthers();
  if (spec.profile == Profile::kBuild) RefuseOtherOwners(spec, &prelude);
  if (spec.determinism == Determinism::kFull) {
    TraceWaits(&prelude);
    RefuseTellingOptions(&prelude);
    // Of sends those to an address, before which the socket gets its own.
    prelude.IfPointer(SYS_sendto, 4, SECCOMP_RET_USER_NOTIF);
  }
  return prelude.instructions();
}

}  // namespace sandbox
