#include "sandbox/filter.h"

#include <cstddef>
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

#include "sandbox/filter_lists.h"
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

void AllowSockets(Rules* rules) {
  for (std::uint64_t family : {AF_UNIX, AF_INET, AF_INET6}) {
    rules->Add(SCMP_ACT_ALLOW, "socket", {Masked(0, kLow32, family)});
  }
  rules->Add(SCMP_ACT_ALLOW, "socket",
             {Masked(0, kLow32, AF_NETLINK), Masked(2, kLow32, NETLINK_ROUTE)});
  rules->Add(SCMP_ACT_ALLOW, "socketpair", {Masked(0, kLow32, AF_UNIX)});
}

// Families that are not confined by a network namespace, or that nothing needs.
void RefuseSockets(Rules* rules) {
  for (std::uint64_t family : {AF_VSOCK, AF_ALG, AF_PACKET, AF_KEY, AF_BLUETOOTH, AF_NFC, AF_RDS,
                               AF_TIPC, AF_XDP, AF_CAN}) {
    rules->Add(SCMP_ACT_ERRNO(EAFNOSUPPORT), "socket", {Masked(0, kLow32, family)});
  }
}

void AllowModes(Rules* rules, const char* name, unsigned index) {
  for (std::uint64_t type : {0, S_IFREG, S_IFIFO, S_IFSOCK}) {
    rules->Add(SCMP_ACT_ALLOW, name, {Masked(index, S_IFMT, type)});
  }
  for (std::uint64_t type : {S_IFCHR, S_IFBLK}) {
    rules->Add(SCMP_ACT_ERRNO(EPERM), name, {Masked(index, S_IFMT, type)});
  }
}

// "Not equal in the low 32 bits" is nothing that libseccomp can say, and a 64-bit comparison is
// passed by with a bit set above. So these few instructions stand before its program.
Filter RefuseTerminalInput() {
  constexpr std::uint32_t kCommandLow = offsetof(seccomp_data, args) + sizeof(std::uint64_t);
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  return {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kCommandLow),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
  };
}

void AllowPersonality(Rules* rules) {
  for (std::uint64_t persona : {std::uint64_t{PER_LINUX}, std::uint64_t{ADDR_NO_RANDOMIZE},
                                std::uint64_t{PER_LINUX32}, std::uint64_t{UNAME26},
                                std::uint64_t{0xffffffff}}) {
    rules->Add(SCMP_ACT_ALLOW, "personality", {Masked(0, kLow32, persona)});
  }
}

void BuildRules(Rules* rules) {
  for (const char* name : kAllowed) rules->Add(SCMP_ACT_ALLOW, name);
  for (const char* name : kRefused) rules->Add(SCMP_ACT_ERRNO(EPERM), name);
  // sync() would wait for the disks of the whole host; nothing inside is on them.
  rules->Add(SCMP_ACT_ERRNO(0), "sync");
  AllowSockets(rules);
  AllowModes(rules, "mknod", 1);
  AllowModes(rules, "mknodat", 2);
  AllowPersonality(rules);
  rules->Add(SCMP_ACT_ALLOW, "clone", {Masked(0, kNamespaceFlags, 0)});
}

void AssemblyRules(Rules* rules) {
  for (const char* name : kRefusedInAssembly) rules->Add(SCMP_ACT_ERRNO(EPERM), name);
  for (const char* name : kMissingInAssembly) rules->Add(SCMP_ACT_ERRNO(ENOSYS), name);
  RefuseSockets(rules);
  for (const char* name : {"clone", "unshare"}) {
    rules->Add(SCMP_ACT_ERRNO(EPERM), name, {Masked(0, CLONE_NEWUSER, CLONE_NEWUSER)});
  }
}

Result<Filter> WithTerminalInputRefused(Result<Filter> rest) {
  if (!rest.ok()) return rest;
  Filter filter = RefuseTerminalInput();
  filter.insert(filter.end(), rest->begin(), rest->end());
  return filter;
}

}  // namespace

Result<Filter> MakeFilter(Profile profile) {
  if (profile == Profile::kAssembly) {
    Rules rules(SCMP_ACT_ALLOW);
    AssemblyRules(&rules);
    return WithTerminalInputRefused(rules.Export());
  }
  Rules rules(SCMP_ACT_ERRNO(ENOSYS));
  BuildRules(&rules);
  return WithTerminalInputRefused(rules.Export());
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
