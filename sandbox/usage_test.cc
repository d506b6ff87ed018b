#include "sandbox/usage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <ctime>
#include <string>

#include "sandbox/limits.h"
#include "sandbox/mappings.h"

namespace sandbox {
namespace {

// What `deed` returns in a process of its own.
template <class Deed>
int InAChild(const Deed& deed) {
  pid_t child = fork();
  if (child == 0) _exit(deed());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Usage, IsSeen) {
  // The kernel counts time by ticks of 10 ms, and this process may be the only one.
  const std::clock_t enough = std::clock() + CLOCKS_PER_SEC / 20;
  while (std::clock() < enough) {
  }
  Result<UsageWatch> watch = UsageWatch::Open(Spec(), UniqueFd(), 0);
  ASSERT_TRUE(watch.ok()) << watch.message();
  Result<UsageNow> usage = watch->Look({});
  ASSERT_TRUE(usage.ok()) << usage.message();
  EXPECT_GT(usage->memory_bytes, 0);
  EXPECT_GT(usage->cpu_microseconds, 0);
}

// Whoever cannot look must not say that nothing is used.
TEST(Usage, ThatCannotBeSeenIsAFailure) {
  EXPECT_EQ(InAChild([] {
              Result<UsageWatch> watch = UsageWatch::Open(Spec(), UniqueFd(), 1 << 20);
              if (!watch.ok()) return 1;
              rlimit none = {0, 0};
              if (setrlimit(RLIMIT_NOFILE, &none) != 0) return 2;
              return watch->Look({}).ok() ? 3 : 0;
            }),
            0);
}

// As a command of the assembly profile could.
TEST(Usage, UnderSomethingMountedIsAFailure) {
  for (const char* over : {"/proc/self/stat", "/proc/self/status", "/proc/sysvipc/shm"}) {
    EXPECT_EQ(InAChild([&] {
                if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 1;
                Result<UsageWatch> watch = UsageWatch::Open(Spec(), UniqueFd(), 1 << 20);
                if (!watch.ok() || !watch->Look({}).ok()) return 2;
                if (mount("/dev/null", over, nullptr, MS_BIND, nullptr) != 0) return 3;
                return watch->Look({}).ok() ? 4 : 0;
              }),
              0)
        << over;
  }
}

// As level `full` covers it for the command.
TEST(Usage, OfSystemVIsSeenUnderACover) {
  EXPECT_EQ(InAChild([] {
              constexpr std::size_t kBytes = 8 << 20;
              if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 1;
              Result<UsageWatch> watch = UsageWatch::Open(Spec(), UniqueFd(), 0);
              if (!watch.ok()) return 2;
              if (mount("none", "/proc/sysvipc", "tmpfs", 0, nullptr) != 0) return 3;
              Result<UsageNow> before = watch->Look({});
              int id = shmget(IPC_PRIVATE, kBytes, 0600);
              void* memory = shmat(id, nullptr, 0);
              std::memset(memory, 1, kBytes);
              shmdt(memory);
              Result<UsageNow> after = watch->Look({});
              shmctl(id, IPC_RMID, nullptr);
              if (!before.ok() || !after.ok()) return 4;
              return after->memory_bytes - before->memory_bytes >= std::int64_t{kBytes / 2} ? 0 : 5;
            }),
            0);
}

TEST(Usage, WhatIsKeptOfMappingsIsCounted) {
  Process self;
  self.directory = "self";
  self.mapped_bytes = std::int64_t{1} << 40;
  UniqueFd proc(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  MappedQuery query = {proc.get(), *SharedMemoryDevice(proc.get()), 0, std::int64_t{1} << 30};
  std::int64_t bytes = MappedBytes(query, {self});
  EXPECT_GT(bytes, 0);
  EXPECT_LT(bytes, 4 << 20);
  // Not looked at where it cannot matter.
  self.mapped_bytes = 1 << 20;
  EXPECT_EQ(MappedBytes(query, {self}), 0);
}

TEST(Usage, KilobytesAreThoseBehindTheName) {
  const std::string text = "Name:\tVmSize:\nVmSize:\t    12 kB\nVmRSS:\t 1 kB\n";
  EXPECT_EQ(KilobytesOf(text, "VmSize"), 12 * 1024);
  EXPECT_EQ(KilobytesOf(text, "VmPTE"), -1);
}

TEST(FileLocks, OursAreThoseOfOurProcessesAndFiles) {
  FileLocks locks = FileLocks::Open(Spec(), UniqueFd());
  struct stat root = {};
  ASSERT_EQ(stat("/", &root), 0);
  char own[64];
  std::snprintf(own, sizeof own, "%02x:%02x:7", major(root.st_dev), minor(root.st_dev));
  EXPECT_TRUE(locks.IsOurs("1: POSIX  ADVISORY  WRITE 12 fe:fe:7 0 EOF"));
  EXPECT_TRUE(locks.IsOurs("1: -> POSIX  ADVISORY  WRITE 12 fe:fe:7 0 EOF"));
  EXPECT_TRUE(locks.IsOurs("1: FLOCK  ADVISORY  WRITE 12 fe:fe:7 0 EOF"));
  EXPECT_TRUE(locks.IsOurs("1: OFDLCK ADVISORY  READ  -1 " + std::string(own) + " 0 EOF"));
  EXPECT_FALSE(locks.IsOurs("1: OFDLCK ADVISORY  READ  -1 fe:fe:7 0 EOF"));
  EXPECT_FALSE(locks.IsOurs(""));
}

TEST(FileLocks, AreCounted) {
  UniqueFd list(open("/proc/locks", O_RDONLY | O_CLOEXEC));
  if (!list.valid()) return;  // a kernel without
  char path[] = "/tmp/locks_XXXXXX";
  UniqueFd file(mkstemp(path));
  unlink(path);
  ASSERT_TRUE(file.valid());
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  ASSERT_EQ(fcntl(file.get(), F_SETLK, &lock), 0);
  Result<std::int64_t> count = FileLocks::Open(Spec(), std::move(list)).Count();
  ASSERT_TRUE(count.ok()) << count.message();
  EXPECT_GE(*count, 1);
  EXPECT_LE(*count, kFileLocksMax + 1);
}

// Nobody but root takes it off; then it is said before the build meets it.
TEST(FileSize, OfTheCallerIsSaid) {
  EXPECT_EQ(InAChild([] {
              // Where there is no other user, root is none of the host's either.
              if (geteuid() == 0) static_cast<void>(setresuid(54321, 54321, 54321) == 0);
              rlimit low = {4096, 4096};
              if (setrlimit(RLIMIT_FSIZE, &low) != 0) return 2;
              Spec spec;
              spec.limits.disk_bytes = 4097;
              Status status = RaiseFileSize(spec);
              if (status.ok() || status.message().find("ulimit -f") == std::string::npos) return 3;
              spec.limits.disk_bytes = 4096;
              return RaiseFileSize(spec).ok() ? 0 : 4;
            }),
            0);
}

}  // namespace
}  // namespace sandbox
