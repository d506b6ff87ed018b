#include "tests/attacks/execution.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

#include "tests/attacks/behaviours/behaviour.h"

namespace attacks {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kCouldNotStart = 125;

// The terminal stays open in the parent for as long as the driver lives: a handful of them.
int OpenTerminal() {
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return -1;
  return master;
}

void TakeTerminal(int master) {
  setsid();
  const char* name = ptsname(master);
  int terminal = name == nullptr ? -1 : open(name, O_RDWR);
  if (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0) != 0) _exit(kCouldNotStart);
  // The user opens it again by /dev/tty, where modes can be changed at all.
  static_cast<void>(!fchmod(terminal, 0666));
  if (dup2(terminal, 0) != 0) _exit(kCouldNotStart);
}

[[noreturn]] void Become(const Command& command, const Row& row, const Scene& scene,
                         const Place& place, int log, int master) {
  const std::string secret = scene.directory() / "secret";
  if (row.terminal) {
    TakeTerminal(master);
  } else {
    setpgid(0, 0);
    dup2(open(secret.c_str(), O_RDONLY), 0);
  }
  dup2(log, 1);
  dup2(open(place.diagnostics().c_str(), O_WRONLY | O_APPEND), 2);
  dup2(open(secret.c_str(), O_RDONLY), 9);
  dup2(open("/", O_RDONLY | O_DIRECTORY), 11);
  setenv("SECRET", behaviour::kSecret, 1);
  setenv("TZ", "Pacific/Chatham", 1);
  umask(0);
  if (chdir(command.directory.c_str()) != 0) _exit(kCouldNotStart);
  uid_t user = command.user;
  if (geteuid() != user && (setgroups(0, nullptr) != 0 || setresgid(user, user, user) != 0 ||
                            setresuid(user, user, user) != 0)) {
    _exit(kCouldNotStart);
  }
  std::vector<char*> argv;
  for (const std::string& word : command.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(kCouldNotStart);
}

bool HasEnded(pid_t pid, int* status) { return waitpid(pid, status, WNOHANG) == pid; }

void EndIt(pid_t pid, const Row& row, const Place& place, Clock::time_point started) {
  while (ReadFile(place.log()).find("ready") == std::string::npos) {
    if (Clock::now() - started > std::chrono::seconds(10)) return;
    usleep(20000);
  }
  kill(pid, row.ending == Ending::kCancelled ? SIGTERM : SIGKILL);
}

}  // namespace

pid_t Start(const Command& command, const Row& row, const Scene& scene, const Place& place,
            int log) {
  int master = row.terminal ? OpenTerminal() : -1;
  pid_t pid = fork();
  if (pid == 0) Become(command, row, scene, place, log, master);
  return pid;
}

Ended Wait(pid_t pid, const Row& row, const Place& place) {
  Ended ended;
  auto started = Clock::now();
  int seconds_max = kSecondsMax;
  if (row.ending != Ending::kItself) {
    EndIt(pid, row, place, started);
    seconds_max = 10;
  }
  int status = 0;
  while (!HasEnded(pid, &status)) {
    if (Clock::now() - started > std::chrono::seconds(seconds_max)) {
      ended.timed_out = true;
      kill(pid, SIGKILL);
      waitpid(pid, &status, 0);
      break;
    }
    usleep(2000);
  }
  ended.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ended.log = ReadFile(place.log());
  ended.diagnostics = ReadFile(place.diagnostics());
  return ended;
}

}  // namespace attacks
