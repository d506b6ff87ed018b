// Leaves folders in folders, deeper than a path may be long.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long depth = behaviour::Number(argc, argv, 1);
  mkdir("out", 0755);
  if (chdir("out") != 0) return behaviour::MissingByKernel("out");
  for (long i = 0; i < depth; ++i) {
    if (mkdir("a_folder_with_a_name", 0755) != 0 || chdir("a_folder_with_a_name") != 0) {
      return behaviour::RefusedByKernel("mkdir");
    }
  }
  return behaviour::Left("made");
}
