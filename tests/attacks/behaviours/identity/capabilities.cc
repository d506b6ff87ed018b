// Has capabilities.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char status[4096];
  if (behaviour::ReadFile("/proc/self/status", status) < 0) {
    return behaviour::MissingByKernel("/proc/self/status");
  }
  for (const char* key :
       {"\nCapInh:\t", "\nCapPrm:\t", "\nCapEff:\t", "\nCapBnd:\t", "\nCapAmb:\t"}) {
    const char* value = std::strstr(status, key);
    if (value == nullptr) return behaviour::Missing("/proc/self/status is not understood");
    value += std::strlen(key);
    if (std::strncmp(value, "0000000000000000", 16) != 0) return behaviour::Allowed(key + 1);
  }
  return behaviour::Refused("none");
}
