// Gives the host another name: the one that it has.
#include <sys/utsname.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  utsname names = {};
  if (uname(&names) != 0) return behaviour::MissingByKernel("uname");
  return behaviour::Judge("sethostname", sethostname(names.nodename, std::strlen(names.nodename)));
}
