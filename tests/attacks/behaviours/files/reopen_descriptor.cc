// Opens a file anew for writing by the descriptor of one who may read it.
#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* path = behaviour::Word(argc, argv, 1);
  int fd = open(path, O_RDONLY);
  if (fd < 0) return behaviour::MissingByKernel(path);
  return behaviour::JudgeOpen(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_WRONLY | O_APPEND);
}
