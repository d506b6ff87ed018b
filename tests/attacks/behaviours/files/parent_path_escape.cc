// Climbs out of the root by "..".
#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  std::string path = "/proc/self/cwd";
  for (int i = 0; i < 40; ++i) path += "/..";
  path += behaviour::Word(argc, argv, 1);
  return behaviour::JudgeSecret(path.c_str());
}
