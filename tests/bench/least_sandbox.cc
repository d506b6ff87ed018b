// The least that any sandbox with all namespaces has to do: namespaces, one id, a root, four
// mounts, an init with its command.  No wall beside: what start_sandbox compares is more than this.
//   least_sandbox ROOT PROGRAM      PROGRAM is a path below ROOT
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr unsigned long long kNamespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
                                           CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                                           CLONE_NEWCGROUP;
constexpr int kFailed = 30;

void Must(bool done, const char* what) {
  if (done) return;
  std::perror(what);
  _exit(kFailed);
}

void Write(const char* path, const std::string& text) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  Must(file >= 0 && write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()),
       path);
  close(file);
}

int CodeOf(pid_t child) {
  int status = 0;
  Must(waitpid(child, &status, 0) == child, "wait");
  return WIFEXITED(status) ? WEXITSTATUS(status) : kFailed;
}

void EnterRoot(const char* root) {
  Must(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "private mounts");
  Must(mount(root, root, nullptr, MS_BIND | MS_REC, nullptr) == 0 && chdir(root) == 0, root);
  Must(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0, "proc");
  for (const char* folder : {"tmp", "build", "dev"}) {
    Must(mount("tmpfs", folder, "tmpfs", MS_NOSUID, nullptr) == 0, folder);
  }
  Must(syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 && chdir("/") == 0,
       "pivot_root");
}

[[noreturn]] void RunAsInit(const char* root, char* program, const std::string& uid,
                            const std::string& gid) {
  Write("/proc/self/setgroups", "deny");
  Write("/proc/self/uid_map", "0 " + uid + " 1\n");
  Write("/proc/self/gid_map", "0 " + gid + " 1\n");
  EnterRoot(root);
  const pid_t command = vfork();
  if (command == 0) {
    std::array<char*, 2> words = {program, nullptr};
    std::array<char*, 1> none = {nullptr};
    execve(program, words.data(), none.data());
    _exit(kFailed);
  }
  Must(command > 0, "vfork");
  _exit(CodeOf(command));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: least_sandbox ROOT PROGRAM\n", stderr);
    return 2;
  }
  const std::string uid = std::to_string(getuid());
  const std::string gid = std::to_string(getgid());
  clone_args arguments{};
  arguments.flags = kNamespaces;
  arguments.exit_signal = SIGCHLD;
  const auto init = static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof arguments));
  Must(init >= 0, "clone3");
  if (init == 0) RunAsInit(argv[1], argv[2], uid, gid);
  return CodeOf(init);
}
