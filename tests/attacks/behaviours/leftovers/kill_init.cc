// Leaves a process that nobody ends, for it has killed, stopped or called away who would:
// process 1.
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <csignal>

#include "tests/attacks/behaviours/behaviour.h"

namespace {

// In all ways to send it; true if one of them got through and has an effect that is seen.
bool Attack(pid_t init) {
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, init, 0));
  for (int signal = 1; signal <= 64; ++signal) {
    kill(init, signal);
    syscall(SYS_tgkill, init, init, signal);
    if (pidfd >= 0) syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0);
    siginfo_t info = {};
    info.si_code = SI_QUEUE;
    syscall(SYS_rt_sigqueueinfo, init, signal, &info);
  }
  kill(-1, SIGSTOP);  // all but this one, and process 1 if it can be
  usleep(200000);
  kill(-1, SIGCONT);
  return kill(init, 0) != 0;
}

}  // namespace

int main(int argc, char** argv) {
  const char* name = behaviour::Word(argc, argv, 1);
  // Never the machine's own.
  const pid_t init = getppid();
  if (init != 1) return behaviour::Missing("a process 1 that is this one's parent");
  if (fork() == 0) {
    setsid();
    prctl(PR_SET_NAME, name);
    sleep(30);
    _exit(0);
  }
  usleep(200000);
  return Attack(init) ? behaviour::Left("without a process 1") : behaviour::Left("beside it");
}
