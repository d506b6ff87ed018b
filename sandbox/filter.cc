#include "sandbox/filter.h"

#include <fcntl.h>
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
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "sandbox/filter_lists.h"
#include "sandbox/layers.h"
#include "sandbox/system.h"

namespace sandbox {
namespace {

constexpr std::uint64_t kNamespaceFlags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
                                          CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                                          CLONE_NEWCGROUP;
// A root is made with mounts and, in it, processes. In a cgroup namespace of its own it could mount
// the control groups that its launcher is in, in an ipc namespace keep memory that nobody counts.
constexpr std::uint64_t kNamespacesNotInAssembly =
    CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
// The kernel compares an ioctl's command, a socket's family and a mode in 32 bits.
constexpr std::uint64_t kLow32 = 0xffffffff;
// Newer than Debian 12's headers.
constexpr std::uint64_t kSetDelegation = 1040;                    // F_SETDELEG, Linux 6.19
constexpr std::uint64_t kSetMemoryMerge = 67;                     // PR_SET_MEMORY_MERGE, Linux 6.4
constexpr std::uint64_t kVdsoAgain[] = {0x2001, 0x2002, 0x2003};  // ARCH_MAP_VDSO_*
constexpr std::uint64_t kSetProcessorFault = 0x1012;              // ARCH_SET_CPUID
#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

// What is said of one system call: always, or if (argument & mask) == value.
struct Rule {
  std::uint32_t number;
  std::uint32_t action;
  bool has_condition;
  unsigned argument;
  std::uint32_t mask;
  std::uint32_t value;
};

// From this call on, up to the next range's: the first of these conditions that holds decides, else
// `otherwise`.
struct Range {
  std::uint32_t first;
  std::uint32_t otherwise;
  std::vector<Rule> conditions;  // of one call
};

std::uint32_t LowHalf(unsigned index) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
}

constexpr std::uint32_t kX32 = 0x40000000;     // __X32_SYSCALL_BIT
constexpr std::uint32_t kNoCall = 0xffffffff;  // syscall(-1)
constexpr std::size_t kJumpMax = 255;          // of a conditional jump
constexpr std::size_t kNearRanges = 32;        // so many are jumped over at once

// Adds rules and remembers the first failure. libseccomp knows the names; the program is ours: its
// own took longer to make than all the mounts, at every start.
class Rules {
 public:
  explicit Rules(std::uint32_t default_action) : default_action_(default_action) {
    rules_.reserve(kRulesUsual);
  }

  // With a condition, whose numbers have 32 bits: only if it holds.
  void Add(std::uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> when = {}) {
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR || when.size() > 1) return Fail(name);
    if (number < 0) return;  // not a system call of this architecture
    Rule rule = {static_cast<std::uint32_t>(number), action, when.size() != 0, 0, 0, 0};
    for (const scmp_arg_cmp& condition : when) {
      if (condition.op != SCMP_CMP_MASKED_EQ ||
          (condition.datum_a | condition.datum_b) > UINT32_MAX) {
        return Fail(name);
      }
      rule.argument = condition.arg;
      rule.mask = static_cast<std::uint32_t>(condition.datum_a);
      rule.value = static_cast<std::uint32_t>(condition.datum_b);
    }
    rules_.push_back(rule);
  }

  // The same for each of the words.
  void AddAll(std::uint32_t action, std::string_view names) {
    while (!names.empty()) {
      std::size_t end = std::min(names.find(' '), names.size());
      Add(action, std::string(names.substr(0, end)).c_str());
      names.remove_prefix(std::min(end + 1, names.size()));
    }
  }

  Result<Filter> Export() {
    const std::vector<Range> ranges = Ranges();
    Filter filter = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32, 0, 3),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kNoCall, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, default_action_),
    };
    filter.reserve(kInstructionsUsual);
    AddTree(ranges.data(), ranges.size(), &filter);
    if (!failed_rule_.empty()) return Status::Failed("seccomp rule for " + failed_rule_);
    return filter;
  }

 private:
  static constexpr std::size_t kRulesUsual = 400;
  static constexpr std::size_t kRangesUsual = 200;
  static constexpr std::size_t kInstructionsUsual = 512;

  // All numbers, in order; neighbours of which the same is said are one.
  std::vector<Range> Ranges() {
    std::stable_sort(rules_.begin(), rules_.end(),
                     [](const Rule& one, const Rule& two) { return one.number < two.number; });
    std::vector<Range> ranges;
    ranges.reserve(kRangesUsual);
    std::uint32_t next = 0;
    for (auto rule = rules_.begin(); rule != rules_.end();) {
      if (rule->number != next) AddRange({next, default_action_, {}}, &ranges);
      Range range = {rule->number, default_action_, {}};
      for (; rule != rules_.end() && rule->number == range.first; ++rule) {
        if (rule->has_condition) {
          range.conditions.push_back(*rule);
        } else {
          range.otherwise = rule->action;
        }
      }
      next = range.first + 1;
      AddRange(std::move(range), &ranges);
    }
    AddRange({next, default_action_, {}}, &ranges);
    return ranges;
  }

  static void AddRange(Range range, std::vector<Range>* ranges) {
    bool is_same = !ranges->empty() && range.conditions.empty() &&
                   ranges->back().conditions.empty() && ranges->back().otherwise == range.otherwise;
    if (!is_same) ranges->push_back(std::move(range));
  }

  // Instructions that find the range of the number in the accumulator, halving what is left.
  void AddTree(const Range* ranges, std::size_t count, Filter* filter) {
    if (count == 1) return AddLeaf(*ranges, filter);
    std::size_t middle = count / 2;
    std::size_t jump = filter->size();
    bool is_near = middle <= kNearRanges;
    filter->push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ranges[middle].first, 0,
                               static_cast<std::uint8_t>(is_near ? 0 : 1)));
    if (!is_near) filter->push_back(BPF_STMT(BPF_JMP | BPF_JA, 0));
    std::size_t below = filter->size();
    AddTree(ranges, middle, filter);
    std::size_t distance = filter->size() - below;
    if (!is_near) {
      (*filter)[jump + 1].k = static_cast<std::uint32_t>(distance);
    } else if (distance <= kJumpMax) {
      (*filter)[jump].jt = static_cast<std::uint8_t>(distance);
    } else {
      Fail("too many conditions beside each other");
    }
    AddTree(ranges + middle, count - middle, filter);
  }

  static void AddLeaf(const Range& range, Filter* filter) {
    for (const Rule& rule : range.conditions) {
      filter->push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LowHalf(rule.argument)));
      filter->push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, rule.mask));
      filter->push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, rule.value, 0, 1));
      filter->push_back(BPF_STMT(BPF_RET | BPF_K, rule.action));
    }
    filter->push_back(BPF_STMT(BPF_RET | BPF_K, range.otherwise));
  }

  void Fail(const char* rule) {
    if (failed_rule_.empty()) failed_rule_ = rule;
  }

  std::uint32_t default_action_;
  std::vector<Rule> rules_;
  std::string failed_rule_;
};

scmp_arg_cmp Masked(unsigned index, std::uint64_t mask, std::uint64_t value) {
  return {index, SCMP_CMP_MASKED_EQ, mask, value};
}

void AllowModes(Rules* rules, const char* name, unsigned index) {
  for (std::uint64_t type : {0, S_IFREG, S_IFIFO, S_IFSOCK}) {
    rules->Add(SCMP_ACT_ALLOW, name, {Masked(index, S_IFMT, type)});
  }
  for (std::uint64_t type : {S_IFCHR, S_IFBLK}) {
    rules->Add(SCMP_ACT_ERRNO(EPERM), name, {Masked(index, S_IFMT, type)});
  }
}

// Instructions that stand before the rules, for what a rule cannot say: "not equal". The kernel
// looks at the low 32 bits only, and a 64-bit comparison is passed by with a bit set above. What
// they do not refuse goes on to the rules.
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

// Terminal input, what the kernel loads modules for before it looks at the caller's rights, and
// sockets that no network namespace confines or that nothing needs.
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

void AllowPersonality(Rules* rules) {
  for (std::uint64_t persona :
       {std::uint64_t{PER_LINUX}, std::uint64_t{ADDR_NO_RANDOMIZE}, std::uint64_t{PER_LINUX32},
        std::uint64_t{UNAME26}, std::uint64_t{0xffffffff}}) {
    rules->Add(SCMP_ACT_ALLOW, "personality", {Masked(0, kLow32, persona)});
  }
}

// What a level does with a call that is allowed otherwise: the words of one list.
struct Treatment {
  const char* names;
  std::uint32_t action;
};

std::vector<Treatment> Treatments(Determinism level) {
  if (level == Determinism::kOff) return {};
  std::vector<Treatment> treatments = {{kOldForms, SCMP_ACT_ERRNO(ENOSYS)},
                                       {kFilesAnswered, SCMP_ACT_NOTIFY}};
  if (level == Determinism::kFixed) return treatments;
  treatments.push_back({kAnswered, SCMP_ACT_NOTIFY});
  treatments.push_back({kTraced, SCMP_ACT_TRACE(0)});
  treatments.push_back({kWithoutEffect, SCMP_ACT_ERRNO(0)});
  treatments.push_back({"ptrace", SCMP_ACT_ERRNO(EPERM)});
  treatments.push_back({"rseq", SCMP_ACT_ERRNO(ENOSYS)});
  return treatments;
}

// Of both profiles.
void CommonRules(Rules* rules) {
  rules->AddAll(SCMP_ACT_ERRNO(0), kSynchronising);
  // What the kernel says where none are reserved.
  rules->Add(SCMP_ACT_ERRNO(ENOMEM), "mmap", {Masked(3, MAP_HUGETLB, MAP_HUGETLB)});
  rules->Add(SCMP_ACT_ERRNO(ENOMEM), "shmget", {Masked(2, SHM_HUGETLB, SHM_HUGETLB)});
  // Of a file that is shown, the host's own programs would feel these: whoever writes it waits.
  for (std::uint64_t command :
       {std::uint64_t{F_SETLEASE}, std::uint64_t{F_NOTIFY}, kSetDelegation}) {
    rules->Add(SCMP_ACT_ERRNO(EPERM), "fcntl", {Masked(1, kLow32, command)});
  }
  // What the kernel says that cannot merge pages: one that can would show by its time what others
  // have in memory.
  rules->Add(SCMP_ACT_ERRNO(EINVAL), "madvise", {Masked(2, kLow32, MADV_MERGEABLE)});
  rules->Add(SCMP_ACT_ERRNO(EINVAL), "prctl", {Masked(0, kLow32, kSetMemoryMerge)});
}

// What would undo the level, and what tells of time and chance by some of its arguments.
void FullRules(Rules* rules) {
  // A child that is not followed.
  rules->Add(SCMP_ACT_ERRNO(EPERM), "clone", {Masked(0, CLONE_UNTRACED, CLONE_UNTRACED)});
  for (std::uint64_t code : kVdsoAgain) {
    rules->Add(SCMP_ACT_ERRNO(EPERM), "arch_prctl", {Masked(0, kLow32, code)});
  }
  // Some machines have it.
  rules->Add(SCMP_ACT_ERRNO(ENODEV), "arch_prctl", {Masked(0, kLow32, kSetProcessorFault)});
  for (unsigned request : kUntoldTimes) {
    rules->Add(SCMP_ACT_ERRNO(ENOTTY), "ioctl", {Masked(1, kTypeAndNumber, request)});
  }
  auto trace = [rules](const char* name, unsigned argument, const int(&commands)[3]) {
    for (int command : commands) {
      rules->Add(SCMP_ACT_TRACE(0), name,
                 {Masked(argument, kLow32, static_cast<std::uint64_t>(command))});
    }
  };
  trace("shmctl", 1, kShmLooks);
  trace("semctl", 2, kSemLooks);
  trace("msgctl", 1, kMsgLooks);
}

void BuildRules(Determinism level, Rules* rules) {
  rules->AddAll(SCMP_ACT_ALLOW, kAllowed);
  // What is said last of a call holds.
  for (const Treatment& treatment : Treatments(level)) {
    rules->AddAll(treatment.action, treatment.names);
  }
  rules->AddAll(SCMP_ACT_ERRNO(EPERM), kRefused);
  CommonRules(rules);
  AllowModes(rules, "mknod", 1);
  AllowModes(rules, "mknodat", 2);
  if (level != Determinism::kOff) {
    for (unsigned request : kUntoldRequests) {
      rules->Add(SCMP_ACT_ERRNO(ENOTTY), "ioctl", {Masked(1, kTypeAndNumber, request)});
    }
  }
  bool is_full = level == Determinism::kFull;
  if (is_full) {
    FullRules(rules);
  } else {
    AllowPersonality(rules);
  }
  rules->Add(is_full ? SCMP_ACT_TRACE(0) : SCMP_ACT_ALLOW, "clone",
             {Masked(0, kNamespaceFlags, 0)});
}

void AssemblyRules(Rules* rules) {
  rules->AddAll(SCMP_ACT_ALLOW, kAllowed);
  rules->AddAll(SCMP_ACT_ERRNO(EPERM), kRefused);
  // What is said last of a call holds.
  rules->AddAll(SCMP_ACT_ALLOW, kAllowedInAssembly);
  rules->AddAll(SCMP_ACT_ERRNO(EPERM), kRefusedInAssembly);
  CommonRules(rules);
  AllowPersonality(rules);
  for (const char* name : {"clone", "unshare"}) {
    rules->Add(SCMP_ACT_ERRNO(EPERM), name);
    rules->Add(SCMP_ACT_ALLOW, name, {Masked(0, kNamespacesNotInAssembly, 0)});
  }
}

Result<Filter> WithPrelude(const Spec& spec, Result<Filter> rest) {
  if (!rest.ok()) return rest;
  Filter filter = MakePrelude(spec);
  filter.insert(filter.end(), rest->begin(), rest->end());
  return filter;
}

}  // namespace

Result<Filter> MakeFilter(const Spec& spec) {
  Rules rules(SCMP_ACT_ERRNO(ENOSYS));
  if (spec.profile == Profile::kAssembly) {
    AssemblyRules(&rules);
  } else {
    BuildRules(spec.determinism, &rules);
  }
  return WithPrelude(spec, rules.Export());
}

Result<UniqueFd> LoadFilter(const Filter& filter, bool notifies) {
  if (LeftOut(Layer::kSeccomp)) return UniqueFd();
  sock_fprog program = {static_cast<unsigned short>(filter.size()),
                        const_cast<sock_filter*>(filter.data())};
  // A signal does not interrupt a call that waits for its answer, so that it is asked once.
  unsigned long flags =
      notifies ? SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV : 0UL;
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (result < 0) {
    return SystemError("loading the seccomp filter (needs CONFIG_SECCOMP_FILTER)");
  }
  return notifies ? UniqueFd(static_cast<int>(result)) : UniqueFd();
}

}  // namespace sandbox
