#include "sandbox/landlock.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "sandbox/layers.h"
#include "sandbox/system.h"

namespace sandbox {
namespace {

// <linux/landlock.h> of Debian 12 ends at ABI 2; these are the kernel's numbers.
struct RulesetAttributes {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;  // ABI 4
  std::uint64_t scoped;              // ABI 6
};
struct [[gnu::packed]] PathBeneath {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};
constexpr std::uint32_t kGetVersion = 1;
constexpr int kRulePathBeneath = 1;

constexpr std::uint64_t kExecute = 1 << 0;
constexpr std::uint64_t kWriteFile = 1 << 1;
constexpr std::uint64_t kReadFile = 1 << 2;
constexpr std::uint64_t kReadDirectory = 1 << 3;
constexpr std::uint64_t kAllOfAbi2 = (1 << 14) - 1;  // up to REFER
constexpr std::uint64_t kTruncate = 1 << 14;         // ABI 3
constexpr std::uint64_t kIoctlDevice = 1 << 15;      // ABI 5
constexpr std::uint64_t kBindAndConnectTcp = 3;      // ABI 4
constexpr std::uint64_t kAbstractSocketsAndSignals = 3;

std::uint64_t AllFileRights(int abi) {
  std::uint64_t rights = kAllOfAbi2;
  if (abi >= 3) rights |= kTruncate;
  if (abi >= 5) rights |= kIoctlDevice;
  return rights;
}

Status Allow(int ruleset, const char* path, std::uint64_t rights) {
  UniqueFd directory(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return SystemError(std::string("Landlock: opening ") + path);
  PathBeneath rule = {rights, directory.get()};
  if (syscall(SYS_landlock_add_rule, ruleset, kRulePathBeneath, &rule, 0) != 0) {
    return SystemError(std::string("Landlock: adding the rule for ") + path);
  }
  return {};
}

Status AllowFiles(int ruleset, std::uint64_t handled) {
  struct Rule {
    const char* path;
    std::uint64_t rights;
  };
  const Rule rules[] = {
      {"/", kExecute | kReadFile | kReadDirectory},
      {"/dev", kWriteFile | kTruncate | kIoctlDevice},
      {"/build", handled},
      {"/tmp", handled},
      {"/dev/shm", handled},
  };
  for (const Rule& rule : rules) {
    if (Status status = Allow(ruleset, rule.path, rule.rights & handled); !status.ok()) {
      return status;
    }
  }
  return {};
}

}  // namespace

int LandlockAbi() {
  long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, kGetVersion);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

Result<int> RestrictWithLandlock(Profile profile, bool loopback) {
  int abi = LandlockAbi();
  if (abi < kLandlockAbiMin) {
    return Status::Failed("Landlock ABI is " + std::to_string(abi) +
                          ", want at least 2: boot Linux 5.19 or newer with lsm=landlock,...");
  }
  if (LeftOut(Layer::kLandlock)) return 0;
  bool files = profile == Profile::kBuild;
  RulesetAttributes attributes = {};
  if (files) attributes.handled_access_fs = AllFileRights(abi);
  if (abi >= 4 && !loopback) attributes.handled_access_net = kBindAndConnectTcp;
  if (abi >= 6) attributes.scoped = kAbstractSocketsAndSignals;
  std::size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  if (attributes.handled_access_fs == 0 && attributes.handled_access_net == 0 &&
      attributes.scoped == 0) {
    return 0;  // the kernel refuses an empty ruleset
  }
  UniqueFd ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, size, 0)));
  if (!ruleset.valid()) return SystemError("Landlock: making the ruleset");
  if (files) {
    Status status = AllowFiles(ruleset.get(), attributes.handled_access_fs);
    if (!status.ok()) return status;
  }
  if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return SystemError("Landlock: restricting");
  }
  return abi;
}

}  // namespace sandbox
