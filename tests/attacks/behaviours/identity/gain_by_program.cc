// Could gain rights from a program with the set-user-id bit.
#include <sys/prctl.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) return behaviour::Refused("no_new_privs");
  return behaviour::Allowed("no_new_privs is not set");
}
