// Leaves a file in the host's /tmp.
#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  std::string path = std::string("/tmp/") + behaviour::Word(argc, argv, 1);
  if (!behaviour::WriteFile(path.c_str(), "x")) return behaviour::RefusedByKernel(path.c_str());
  return behaviour::Allowed(path.c_str());
}
