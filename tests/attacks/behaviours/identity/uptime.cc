// Knows for how long the machine has been up.
#include <time.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long host = behaviour::Number(argc, argv, 1);
  for (clockid_t clock : {CLOCK_BOOTTIME, CLOCK_MONOTONIC}) {
    timespec now = {};
    clock_gettime(clock, &now);
    if (now.tv_sec >= host && now.tv_sec <= host + 20) return behaviour::Allowed("clock_gettime");
  }
  return behaviour::Refused("another time");
}
