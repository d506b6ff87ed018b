// The real thing: the smallest lock, as root with a range of ids of its own, and as an ordinary
// user with his subordinate ids, gives the digests that the lock says.
#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/toolchain/assemble.h"
#include "farm/toolchain/fetch.h"
#include "farm/toolchain/lock.h"

namespace farm {
namespace {

constexpr char kLock[] = "manifests/toolchains/cc.lock.textproto";
constexpr std::uint32_t kSubidBase = 2000000;
constexpr std::uint32_t kSubidCount = 65536;

void Show(std::string_view line) {
  std::fprintf(stderr, "  %.*s\n", static_cast<int>(line.size()), line.data());
}

// A user of /etc/passwd with a range in /etc/subuid; nullptr if there is none.
const passwd* UserWithRange() {
  const std::string text = ReadFile("/etc/subuid", 1 << 20).value_or("");
  for (const std::string& line : Split(text, '\n')) {
    const passwd* user = getpwnam(line.substr(0, line.find(':')).c_str());
    if (user != nullptr && user->pw_uid != 0) return user;
  }
  return nullptr;
}

class AssembleTwice : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(geteuid(), 0u) << "start this test as root";
    directory_.emplace(TemporaryDirectory::Make("/var/tmp").value());
    ASSERT_EQ(chmod(directory_->path().c_str(), 0755), 0);
    request_.lock = ParseLockText(ReadFile(kLock, kLockBytesMax).value(), kLock).value();
    AptPlace place;
    place.directory = JoinPath(directory_->path(), "apt");
    const auto fetched =
        FetchPackages(request_.lock, place, JoinPath(directory_->path(), "packages"), {});
    ASSERT_TRUE(fetched) << fetched.error().message;
    ASSERT_TRUE(fetched->lost.empty()) << DescribeLost(fetched->lost);
    request_.packages = fetched->paths;
    request_.keeps = {false, true, true};
    // A copy that every user may start, wherever the build lies.
    sandbox_.launcher = JoinPath(directory_->path(), "farm-sandbox");
    ASSERT_TRUE(WriteDurably(RealFileSystem(), sandbox_.launcher,
                             ReadFile("sandbox/farm-sandbox", 1 << 28).value()));
    ASSERT_EQ(chmod(sandbox_.launcher.c_str(), 0755), 0);
  }

  // One byte of a file of the kept tree, its time put back; what is wrong, or empty.
  std::string ChangeTree(const std::string& tree) {
    // As the mapped root, whose file it is: the sandbox sees the tree as its /build.
    const auto run = [&](const std::vector<std::string>& command) {
      ProcessSpec spec;
      spec.argv = {sandbox_.launcher, "run", "--profile", "assembly", "--uid", "0",
                   "--gid",           "0",   "--work",    tree};
      if (sandbox_.subid_count > 0) {
        spec.argv.insert(spec.argv.end(), {"--subids", std::to_string(sandbox_.subid_base) + ":" +
                                                           std::to_string(sandbox_.subid_count)});
      }
      spec.argv.push_back("--");
      spec.argv.insert(spec.argv.end(), command.begin(), command.end());
      spec.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
      const auto process = RunProcess(spec);
      return process && process->ok();
    };
    for (const char* change : {"echo x >>/build/etc/issue && touch -d @1735689600 /build/etc/issue",
                               "touch /build/etc/issue", "chmod 0600 /build/etc/debian_version"}) {
      if (!run({"/bin/sh", "-c", change})) return std::string("could not do: ") + change;
      const auto found = FindAssembled(request_.lock, request_.directory, request_.keeps, sandbox_);
      if (found || found.error().code != ErrorCode::kMismatch) {
        return std::string("believed after: ") + change;
      }
    }
    return "";
  }

  // Assembles below a folder of `user`'s; what is wrong, or empty.
  std::string Assemble(const std::string& name) {
    request_.directory = JoinPath(directory_->path(), name + "/root");
    const Result<Assembled> made = AssembleRoot(request_, sandbox_, Show);
    if (!made) return made.error().message;
    const auto found = FindAssembled(request_.lock, request_.directory, request_.keeps, sandbox_);
    if (!found) return found.error().message;
    std::string changed = ChangeTree(found->tree_path);
    if (!changed.empty()) return changed;
    const Status removed = RemoveAssembled(request_.directory, sandbox_);
    return removed ? "" : removed.error().message;
  }

  std::optional<TemporaryDirectory> directory_;
  AssembleRequest request_;
  AssemblySandbox sandbox_;
};

TEST_F(AssembleTwice, AsRootAndAsAnOrdinaryUser) {
  const passwd* user = UserWithRange();
  ASSERT_NE(user, nullptr) << "no user has a range in /etc/subuid: useradd -m somebody";

  ASSERT_TRUE(MakeDirectories(JoinPath(directory_->path(), "root"), 0755));
  sandbox_.subid_base = kSubidBase;
  sandbox_.subid_count = kSubidCount;
  EXPECT_EQ(Assemble("root"), "");

  const std::string home = JoinPath(directory_->path(), "user");
  ASSERT_TRUE(MakeDirectories(home, 0700));
  ASSERT_EQ(chown(home.c_str(), user->pw_uid, user->pw_gid), 0);
  sandbox_.subid_count = 0;
  const pid_t child = fork();
  if (child == 0) {
    if (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
        setuid(user->pw_uid) != 0) {
      _exit(3);
    }
    const std::string wrong = Assemble("user");
    if (!wrong.empty()) Show(wrong);
    _exit(wrong.empty() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace farm
