// Reads the kernel's log by its call.
#include <sys/klog.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char text[4096];
  constexpr int kReadAll = 3;
  return behaviour::Judge("syslog", klogctl(kReadAll, text, sizeof text));
}
