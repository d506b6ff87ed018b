#include "sandbox/filter.h"

#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <map>
#include <utility>

#include "sandbox/filter_lists.h"
#include "sandbox/system.h"

namespace sandbox {
namespace {

constexpr std::uint64_t kNamespaceFlags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
                                          CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                                          CLONE_NEWCGROUP;
// The kernel compares an ioctl's command, a socket's family and a mode in 32 bits.
constexpr std::uint64_t kLow32 = 0xffffffff;

// What is said about one system call: the first condition that holds decides, else `otherwise`.
struct Verdict {
  std::vector<std::pair<scmp_arg_cmp, std::uint32_t>> conditions;
  std::uint32_t otherwise;
};

bool IsSame(const Verdict& one, const Verdict& two) {
  return one.conditions.empty() && two.conditions.empty() && one.otherwise == two.otherwise;
}

// From this call on up to the next range's, the verdict is this.
struct Range {
  std::uint32_t first;
  Verdict verdict;
};

std::uint32_t LowHalf(unsigned index) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
}

constexpr std::uint32_t kX32 = 0x40000000;     // __X32_SYSCALL_BIT
constexpr std::uint32_t kNoCall = 0xffffffff;  // syscall(-1)
constexpr std::size_t kJumpMax = 255;          // of a conditional jump

// Adds rules and remembers the first failure. libseccomp knows the names; the program is ours: its
// own took longer to make than all the mounts, at every start.
class Rules {
 public:
  explicit Rules(std::uint32_t default_action) : default_action_(default_action) {}

  // With a condition, of which `mask` and `datum_b` have 32 bits: only if it holds.
  void Add(std::uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> when = {}) {
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR || when.size() > 1) return Fail(name);
    if (number < 0) return;  // not a system call of this architecture
    Verdict& verdict =
        calls_.try_emplace(static_cast<std::uint32_t>(number), Verdict{{}, default_action_})
            .first->second;
    if (when.size() == 0) {
      verdict.otherwise = action;
      return;
    }
    if (when.begin()->op != SCMP_CMP_MASKED_EQ ||
        (when.begin()->datum_a | when.begin()->datum_b) > UINT32_MAX) {
      return Fail(name);
    }
    verdict.conditions.emplace_back(*when.begin(), action);
  }

  Result<Filter> Export() const {
    if (!failed_rule_.empty()) return Status::Failed("seccomp rule for " + failed_rule_);
    const std::vector<Range> ranges = Ranges();
    Filter filter = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32, 0, 3),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kNoCall, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, default_action_),
    };
    const Filter tree = Tree(ranges, 0, ranges.size());
    filter.insert(filter.end(), tree.begin(), tree.end());
    return filter;
  }

 private:
  // All numbers, in order; neighbours that say the same are one.
  std::vector<Range> Ranges() const {
    std::vector<Range> ranges;
    const auto add = [&ranges](std::uint32_t first, const Verdict& verdict) {
      if (ranges.empty() || !IsSame(ranges.back().verdict, verdict)) {
        ranges.push_back({first, verdict});
      }
    };
    std::uint32_t next = 0;
    for (const auto& [number, verdict] : calls_) {
      if (number != next) add(next, {{}, default_action_});
      add(number, verdict);
      next = number + 1;
    }
    add(next, {{}, default_action_});
    return ranges;
  }

  // Instructions that find the range of the number in the accumulator, halving what is left.
  static Filter Tree(const std::vector<Range>& ranges, std::size_t begin, std::size_t end) {
    if (end - begin == 1) return Leaf(ranges[begin].verdict);
    const std::size_t middle = begin + (end - begin) / 2;
    const Filter below = Tree(ranges, begin, middle);
    const Filter above = Tree(ranges, middle, end);
    Filter code;
    const bool is_near = below.size() <= kJumpMax;
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ranges[middle].first,
                            static_cast<std::uint8_t>(is_near ? below.size() : 0),
                            static_cast<std::uint8_t>(is_near ? 0 : 1)));
    if (!is_near) {
      code.push_back(BPF_STMT(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(below.size())));
    }
    code.insert(code.end(), below.begin(), below.end());
    code.insert(code.end(), above.begin(), above.end());
    return code;
  }

  static Filter Leaf(const Verdict& verdict) {
    Filter code;
    for (const auto& [condition, action] : verdict.conditions) {
      code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LowHalf(condition.arg)));
      code.push_back(
          BPF_STMT(BPF_ALU | BPF_AND | BPF_K, static_cast<std::uint32_t>(condition.datum_a)));
      code.push_back(
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(condition.datum_b), 0, 1));
      code.push_back(BPF_STMT(BPF_RET | BPF_K, action));
    }
    code.push_back(BPF_STMT(BPF_RET | BPF_K, verdict.otherwise));
    return code;
  }

  void Fail(const char* rule) {
    if (failed_rule_.empty()) failed_rule_ = rule;
  }

  std::uint32_t default_action_;
  std::map<std::uint32_t, Verdict> calls_;
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

  const Filter& instructions() const { return instructions_; }

 private:
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

// Terminal input, and socket families that no network namespace confines or that nothing needs.
Filter MakePrelude(const Spec& spec) {
  constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO;
  Prelude prelude;
  prelude.Argument(SYS_ioctl, 1, {TIOCSTI, TIOCLINUX}, true, kRefuse | EPERM);
  prelude.Argument(SYS_socket, 0, {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}, false,
                   kRefuse | EAFNOSUPPORT);
  prelude.Argument(SYS_socketpair, 0, {AF_UNIX}, false, kRefuse | EAFNOSUPPORT);
  prelude.RefuseNetlinkProtocols(kRefuse | EPROTONOSUPPORT);
  if (spec.profile == Profile::kBuild) RefuseOtherOwners(spec, &prelude);
  return prelude.instructions();
}

void AllowPersonality(Rules* rules) {
  for (std::uint64_t persona :
       {std::uint64_t{PER_LINUX}, std::uint64_t{ADDR_NO_RANDOMIZE}, std::uint64_t{PER_LINUX32},
        std::uint64_t{UNAME26}, std::uint64_t{0xffffffff}}) {
    rules->Add(SCMP_ACT_ALLOW, "personality", {Masked(0, kLow32, persona)});
  }
}

void BuildRules(Rules* rules) {
  for (const std::string& name : Split(kAllowed, ' ')) rules->Add(SCMP_ACT_ALLOW, name.c_str());
  for (const std::string& name : Split(kRefused, ' '))
    rules->Add(SCMP_ACT_ERRNO(EPERM), name.c_str());
  // sync() would wait for the disks of the whole host; nothing inside is on them.
  rules->Add(SCMP_ACT_ERRNO(0), "sync");
  AllowModes(rules, "mknod", 1);
  AllowModes(rules, "mknodat", 2);
  AllowPersonality(rules);
  rules->Add(SCMP_ACT_ALLOW, "clone", {Masked(0, kNamespaceFlags, 0)});
}

void AssemblyRules(Rules* rules) {
  for (const std::string& name : Split(kRefusedInAssembly, ' '))
    rules->Add(SCMP_ACT_ERRNO(EPERM), name.c_str());
  for (const std::string& name : Split(kMissingInAssembly, ' '))
    rules->Add(SCMP_ACT_ERRNO(ENOSYS), name.c_str());
  for (const char* name : {"clone", "unshare"}) {
    rules->Add(SCMP_ACT_ERRNO(EPERM), name, {Masked(0, CLONE_NEWUSER, CLONE_NEWUSER)});
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
  if (spec.profile == Profile::kAssembly) {
    Rules rules(SCMP_ACT_ALLOW);
    AssemblyRules(&rules);
    return WithPrelude(spec, rules.Export());
  }
  Rules rules(SCMP_ACT_ERRNO(ENOSYS));
  BuildRules(&rules);
  return WithPrelude(spec, rules.Export());
}

Status LoadFilter(const Filter& filter) {
  sock_fprog program = {static_cast<unsigned short>(filter.size()),
                        const_cast<sock_filter*>(filter.data())};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    return SystemError("loading the seccomp filter (needs CONFIG_SECCOMP_FILTER)");
  }
  return {};
}

}  // namespace sandbox
