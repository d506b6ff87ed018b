#include "sandbox/filter.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#include "sandbox/filter_lists.h"
#include "sandbox/layers.h"
#include "sandbox/system.h"

namespace sandbox {
namespace {

constexpr std::uint64_t kNamespaceFlags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
                                          CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                                          CLONE_NEWCGROUP;
// The kernel compares an ioctl's command, a socket's family and a mode in 32 bits.
constexpr std::uint64_t kLow32 = 0xffffffff;

// Adds rules and remembers the first failure.
class Rules {
 public:
  explicit Rules(std::uint32_t default_action) : context_(seccomp_init(default_action)) {
    if (context_ == nullptr) failure_ = ENOMEM;
  }
  ~Rules() { seccomp_release(context_); }
  Rules(const Rules&) = delete;

  void Add(std::uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> when = {}) {
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return Fail(name, EINVAL);
    if (number < 0) return;  // not a system call of this architecture
    if (context_ == nullptr) return;
    int result = seccomp_rule_add_array(context_, action, number,
                                        static_cast<unsigned>(when.size()), when.begin());
    if (result < 0 && result != -EEXIST) Fail(name, -result);
  }

  Result<Filter> Export() {
    if (failure_ == 0) {
      int result = seccomp_attr_set(context_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
      // A binary tree: fewer instructions for each call than a chain.
      if (result == 0) result = seccomp_attr_set(context_, SCMP_FLTATR_CTL_OPTIMIZE, 2);
      if (result < 0) Fail("attributes", -result);
    }
    if (failure_ != 0) {
      return Status::Failed("seccomp rule for " + failed_rule_ + ": " + std::strerror(failure_));
    }
    UniqueFd file(memfd_create("filter", MFD_CLOEXEC));
    if (!file.valid()) return SystemError("memfd_create");
    if (int result = seccomp_export_bpf(context_, file.get()); result < 0) {
      return Status::Failed(std::string("exporting the seccomp filter: ") + std::strerror(-result));
    }
    if (lseek(file.get(), 0, SEEK_SET) != 0) return SystemError("lseek");
    Result<std::string> bytes = ReadAll(file.get(), BPF_MAXINSNS * sizeof(sock_filter));
    if (!bytes.ok()) return bytes.status();
    Filter filter(bytes->size() / sizeof(sock_filter));
    std::memcpy(filter.data(), bytes->data(), filter.size() * sizeof(sock_filter));
    return filter;
  }

 private:
  void Fail(const char* rule, int error) {
    if (failure_ != 0) return;
    failure_ = error;
    failed_rule_ = rule;
  }

  scmp_filter_ctx context_;
  int failure_ = 0;
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

// Instructions that stand before libseccomp's program, for what libseccomp cannot say: "not equal
// in the low 32 bits". The kernel looks at these 32 bits only, and a 64-bit comparison is passed by
// with a bit set above. What they do not refuse goes on to the program.
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
  static std::uint32_t LowHalf(unsigned index) {
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
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
  if (LeftOut(Layer::kSeccomp)) return {};
  sock_fprog program = {static_cast<unsigned short>(filter.size()),
                        const_cast<sock_filter*>(filter.data())};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    return SystemError("loading the seccomp filter (needs CONFIG_SECCOMP_FILTER)");
  }
  return {};
}

}  // namespace sandbox
