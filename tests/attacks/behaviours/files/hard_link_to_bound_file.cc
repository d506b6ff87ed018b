// Gives a file that is shown read-only a second name in a place that can be written, and changes
// it there.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* path = behaviour::Word(argc, argv, 1);
  if (access(path, F_OK) != 0) return behaviour::MissingByKernel(path);
  if (link(path, "second_name") != 0) return behaviour::RefusedByKernel("link");
  bool written = behaviour::WriteFile("second_name", "changed");
  int error = errno;
  unlink("second_name");
  errno = error;
  return behaviour::Judge("write", written ? 0 : -1);
}
