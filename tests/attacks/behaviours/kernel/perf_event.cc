// Counts what the machine does.
#include <linux/perf_event.h>
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  perf_event_attr attributes = {};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.exclude_kernel = 1;
  return behaviour::Judge("perf_event_open",
                          syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}
