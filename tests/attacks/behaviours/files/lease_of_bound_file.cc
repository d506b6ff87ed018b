// Takes a lease on a file of the host that is shown read-only: whoever of the host opens it to
// write waits until the build lets go, 45 seconds with the usual setting.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  int file = open(behaviour::Word(argc, argv, 1), O_RDONLY | O_CLOEXEC);
  if (file < 0) return behaviour::MissingByKernel("the bound file");
  return behaviour::Judge("F_SETLEASE", fcntl(file, F_SETLEASE, F_RDLCK));
}
