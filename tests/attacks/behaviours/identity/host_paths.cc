// Sees where on the host its files lie.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  static char text[1 << 17];
  if (behaviour::ReadFile("/proc/self/mountinfo", text) < 0) {
    return behaviour::RefusedByKernel("/proc/self/mountinfo");
  }
  return std::strstr(text, behaviour::Word(argc, argv, 1)) != nullptr
             ? behaviour::Allowed("/proc/self/mountinfo")
             : behaviour::Refused("no path of the host");
}
