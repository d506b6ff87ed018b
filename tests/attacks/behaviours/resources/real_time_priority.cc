// Takes the CPU from everybody else.
#include <sched.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  sched_param parameters = {};
  parameters.sched_priority = 1;
  int result = sched_setscheduler(0, SCHED_RR, &parameters);
  int error = errno;
  parameters.sched_priority = 0;
  if (result == 0) sched_setscheduler(0, SCHED_OTHER, &parameters);
  errno = error;
  return behaviour::Judge("sched_setscheduler", result);
}
