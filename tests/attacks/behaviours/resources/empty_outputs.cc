// Leaves files with nothing in them: no bytes to count, and each takes room for a name and a number
// on the disk of whoever collects it.
#include <sys/stat.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  mkdir("out", 0755);
  for (long i = 0; i < wanted; ++i) {
    if (!behaviour::WriteFile(("out/" + std::to_string(i)).c_str(), "")) {
      return behaviour::RefusedByKernel("out");
    }
  }
  return behaviour::Left("made");
}
