// Sees where among the host's control groups it is.
#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char text[4096];
  if (behaviour::ReadFile("/proc/self/cgroup", text) < 0) {
    return behaviour::RefusedByKernel("/proc/self/cgroup");
  }
  std::string line;
  for (const char* at = text; *at != '\0'; ++at) {
    if (*at != '\n') {
      line += *at;
      continue;
    }
    if (!line.ends_with(":/")) return behaviour::Allowed(line.c_str());
    line.clear();
  }
  return behaviour::Refused("the root of what it sees");
}
