// Leaves more files than the output may have bytes.
#include <sys/stat.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  mkdir("out", 0755);
  for (long i = 0; i < wanted; ++i) {
    if (!behaviour::WriteFile(("out/" + std::to_string(i)).c_str(), "0123456789")) {
      return behaviour::RefusedByKernel("out");
    }
  }
  return behaviour::Left("written");
}
