// Makes the kernel kill others before itself when memory is short.
#include "tests/attacks/behaviours/behaviour.h"

int main() {
  char text[32];
  if (behaviour::ReadFile("/proc/self/oom_score_adj", text) < 0) {
    return behaviour::MissingByKernel("oom_score_adj");
  }
  int lower = std::atoi(text) - 1;
  std::snprintf(text, sizeof text, "%d", lower);
  int file = open("/proc/self/oom_score_adj", O_WRONLY);
  if (file < 0) return behaviour::RefusedByKernel("oom_score_adj");
  if (write(file, text, std::strlen(text)) < 0) return behaviour::RefusedByKernel("oom_score_adj");
  return behaviour::Allowed("oom_score_adj");
}
