#include "sandbox/filter.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "sandbox/filter_lists.h"
#include "sandbox/filter_prelude.h"
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
