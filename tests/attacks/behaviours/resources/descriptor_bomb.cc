// Opens more files than a build needs, of which the host has a limited number.
#include <sys/resource.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  for (long i = 0; i < wanted; ++i) {
    if (dup(0) < 0) return behaviour::RefusedByKernel("dup");
  }
  return behaviour::Allowed("dup");
}
