// Takes pseudo-terminals, of which the whole machine has a limited number.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  long made = 0;
  while (made < wanted && posix_openpt(O_RDWR | O_NOCTTY) >= 0) ++made;
  int error = errno;
  // For whoever is beside to miss them.
  sleep(1);
  errno = error;
  if (made == 0) return behaviour::MissingByKernel("posix_openpt");
  return made == wanted ? behaviour::Allowed("posix_openpt")
                        : behaviour::RefusedByKernel("posix_openpt");
}
