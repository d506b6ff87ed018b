// Knows by what group of the host it was started.
#include <cstdio>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  auto caller = static_cast<unsigned>(behaviour::Number(argc, argv, 1));
  // Inside, root is the same everywhere.
  if (caller != 0 && getgid() == caller) return behaviour::Allowed("getgid");
  char map[256];
  if (behaviour::ReadFile("/proc/self/gid_map", map) < 0) {
    return behaviour::RefusedByKernel("gid_map");
  }
  unsigned inside = 0, outside = 0, count = 0;
  if (std::sscanf(map, "%u %u %u", &inside, &outside, &count) != 3) {
    return behaviour::Missing("gid_map is not understood");
  }
  bool is_within = caller == 0 && behaviour::IsWithinAnother();
  if (outside == caller && !is_within) return behaviour::Allowed("gid_map");
  return behaviour::Refused("another group");
}
