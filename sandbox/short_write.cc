#include "sandbox/short_write.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

namespace sandbox {
namespace {

void OnTime(int) {}

}  // namespace

ssize_t WriteWithin(int milliseconds, int fd, std::string_view bytes) {
  struct sigaction interrupt = {};
  interrupt.sa_handler = OnTime;  // without SA_RESTART
  struct sigaction before = {};
  sigset_t signal;
  sigset_t mask;
  sigemptyset(&signal);
  sigaddset(&signal, SIGRTMIN);
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGRTMIN;
  timer_t timer;
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return -1;
  sigaction(SIGRTMIN, &interrupt, &before);
  sigprocmask(SIG_UNBLOCK, &signal, &mask);
  // Again and again: the first may come before write has begun.
  timespec period = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
  itimerspec times = {period, period};
  ssize_t count = -1;
  if (timer_settime(timer, 0, &times, nullptr) == 0) count = write(fd, bytes.data(), bytes.size());
  int error = errno;
  timer_delete(timer);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  sigaction(SIGRTMIN, &before, nullptr);
  errno = error;
  return count;
}

}  // namespace sandbox
