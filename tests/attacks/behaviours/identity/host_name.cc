// Knows the host's name.
#include <sys/utsname.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  utsname names = {};
  if (uname(&names) != 0) return behaviour::RefusedByKernel("uname");
  if (std::strcmp(names.nodename, behaviour::Word(argc, argv, 1)) == 0) {
    return behaviour::Allowed("uname", names.nodename);
  }
  return behaviour::Refused("another name", names.nodename);
}
