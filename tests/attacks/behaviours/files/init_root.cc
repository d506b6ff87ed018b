// Reaches the host by the root of the process that started everything.
#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  return behaviour::JudgeSecret(
      (std::string("/proc/1/root") + behaviour::Word(argc, argv, 1)).c_str());
}
