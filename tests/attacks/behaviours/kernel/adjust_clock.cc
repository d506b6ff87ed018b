// Changes how the host keeps its clock, to what it was.
#include <sys/timex.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  timex clock = {};
  if (adjtimex(&clock) < 0) return behaviour::RefusedByKernel("adjtimex");
  clock.modes = ADJ_MAXERROR;
  return behaviour::Judge("adjtimex", adjtimex(&clock));
}
