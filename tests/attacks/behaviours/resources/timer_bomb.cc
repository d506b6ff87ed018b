// Takes timers, which the kernel counts with a user's pending signals, and with all his sandboxes'.
#include <signal.h>
#include <time.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  long made = 0;
  timer_t timer = nullptr;
  while (made < wanted && timer_create(CLOCK_MONOTONIC, nullptr, &timer) == 0) ++made;
  int error = errno;
  // For whoever is beside to miss them.
  sleep(1);
  errno = error;
  return made == wanted ? behaviour::Allowed("timer_create")
                        : behaviour::RefusedByKernel("timer_create");
}
