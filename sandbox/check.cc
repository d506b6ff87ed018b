#include "sandbox/check.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "sandbox/confine.h"
#include "sandbox/layers.h"
#include "sandbox/limits.h"

namespace sandbox {
namespace {

constexpr std::uint64_t kReadEverything = std::uint64_t{1} << CAP_DAC_READ_SEARCH;

Status EnterUserNamespace(int user_namespace, bool has_range) {
  if (setns(user_namespace, CLONE_NEWUSER) != 0) return SystemError("entering the user namespace");
  if (has_range &&
      (setgroups(0, nullptr) != 0 || setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0)) {
    return SystemError("becoming user 0 inside");
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return SystemError("no_new_privs");
  if (LeftOut(Layer::kCheckCapabilities)) return {};
  if (Status status = DropBoundingSet(kReadEverything); !status.ok()) return status;
  if (CapabilitiesSet(kReadEverything, kReadEverything, kReadEverything) != 0) {
    return SystemError("dropping capabilities");
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0) != 0) {
    return SystemError("ambient capability");
  }
  return {};
}

// The descriptors of the new program: 0, 1, 2, the directory as 3 and itself as 4, which a script's
// interpreter opens.
Status ArrangeDescriptors(int output, int log, int directory, int program) {
  int wanted[5] = {open("/dev/null", O_RDONLY), output, log, directory, program};
  int high[5];
  for (int i = 0; i < 5; ++i) {
    high[i] = fcntl(wanted[i], F_DUPFD, 10);
    if (high[i] < 0) return SystemError("arranging descriptors");
  }
  for (int i = 0; i < 5; ++i) {
    if (dup2(high[i], i) < 0) return SystemError("arranging descriptors");
  }
  return close_range(5, ~0U, 0) == 0 ? Status() : SystemError("close_range");
}

Status Become(const Check& check, int program, int user_namespace, bool has_range, int directory,
              int log, int output) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  pid_t parent = getppid();
  if (Status status = LowerOpenFiles(); !status.ok()) return status;
  if (setsid() < 0) return SystemError("setsid");
  if (chdir("/") != 0) return SystemError("chdir /");
  if (Status status = EnterUserNamespace(user_namespace, has_range); !status.ok()) return status;
  // After the change of ids, which forgets it.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent) {
    return Status::Failed("the launcher is gone");
  }
  Status arranged = ArrangeDescriptors(output, log, directory, program);
  if (!arranged.ok()) return arranged;
  std::vector<char*> argv;
  for (const std::string& word : check.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  char path[] = "PATH=/usr/bin:/bin";
  char locale[] = "LC_ALL=C.UTF-8";
  char* environment[] = {path, locale, nullptr};
  fexecve(4, argv.data(), environment);
  return SystemError("executing the check (vm.memfd_noexec must not be 2)");
}

}  // namespace

Result<UniqueFd> LoadCheckProgram(const std::string& path) {
  std::string what = "--check-word " + path;
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return SystemError(what);
  struct stat status = {};
  if (fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0 ||
      static_cast<std::size_t>(status.st_size) > kCheckProgramBytesMax) {
    return Status::Failed(what + ": want an executable file of at most 512 MiB");
  }
  UniqueFd copy(memfd_create("check", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy.valid()) return SystemError("memfd_create");
  for (off_t offset = 0; offset < status.st_size;) {
    ssize_t count = sendfile(copy.get(), file.get(), &offset,
                             static_cast<std::size_t>(status.st_size - offset));
    if (count <= 0) return SystemError("copying " + path);
  }
  int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (LeftOut(Layer::kCheckSealed)) seals = F_SEAL_SEAL;
  if (fchmod(copy.get(), 0555) != 0 || fcntl(copy.get(), F_ADD_SEALS, seals) != 0) {
    return SystemError("sealing the copy of " + path);
  }
  return copy;
}

Result<RunningCheck> StartCheck(const Check& check, int program, int user_namespace, bool has_range,
                                int directory, int log) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return SystemError("pipe2");
  UniqueFd output(ends[0]);
  UniqueFd write_end(ends[1]);
  if (fcntl(output.get(), F_SETFL, O_NONBLOCK) != 0) return SystemError("O_NONBLOCK");
  RunningCheck running;
  running.pid = fork();
  if (running.pid < 0) return SystemError("fork");
  if (running.pid == 0) {
    Status failed =
        Become(check, program, user_namespace, has_range, directory, log, write_end.get());
    std::string text = "farm-sandbox: check: " + failed.message() + "\n";
    Status written = WriteAll(log, text);
    _exit(written.ok() ? 127 : 126);
  }
  running.pidfd = UniqueFd(PidfdOpen(running.pid));
  if (!running.pidfd.valid()) return SystemError("pidfd_open");
  running.output = std::move(output);
  return running;
}

}  // namespace sandbox
