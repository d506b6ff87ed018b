// Kills, stops and signals the first process of its namespace, which keeps the limits and whose end
// is everybody's. A sandbox whose first process dies of it ends before anything can be said.
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/attacks/behaviours/behaviour.h"

namespace {

// In every way there is.
void SendAll(int number) {
  kill(1, number);
  syscall(SYS_tgkill, 1, 1, number);
  siginfo_t info = {};
  info.si_signo = number;
  info.si_code = SI_QUEUE;
  syscall(SYS_rt_sigqueueinfo, 1, number, &info);
  int pidfd = static_cast<int>(syscall(SYS_pidfd_open, 1, 0));
  syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0);
  close(pidfd);
}

// The letter after the name in /proc/1/stat.
char StateOfInit() {
  char text[1024];
  if (behaviour::ReadFile("/proc/1/stat", text) < 0) return '?';
  const char* end = std::strrchr(text, ')');
  return end == nullptr || end[1] == '\0' ? '?' : end[2];
}

// Whether whoever is nobody's child is taken away when it is dead, as init does.
bool IsReaped() {
  int ids[2];
  if (pipe(ids) != 0) return false;
  pid_t child = fork();
  if (child == 0) {
    pid_t orphan = fork();
    if (orphan == 0) _exit(0);
    _exit(write(ids[1], &orphan, sizeof orphan) == sizeof orphan ? 0 : 1);
  }
  pid_t orphan = -1;
  waitpid(child, nullptr, 0);
  if (read(ids[0], &orphan, sizeof orphan) != sizeof orphan || orphan < 0) return false;
  for (int i = 0; i < 100; ++i) {
    if (kill(orphan, 0) != 0 && errno == ESRCH) return true;
    usleep(50000);
  }
  return false;
}

}  // namespace

int main() {
  for (int number = 1; number <= SIGRTMAX; ++number) SendAll(number);
  usleep(300000);
  char state = StateOfInit();
  if (state == 'T' || state == 't' || state == 'Z') return behaviour::Allowed("init is stopped");
  return IsReaped() ? behaviour::Refused("init goes on")
                    : behaviour::Allowed("init does its work no more");
}
