// Becomes a member of another group.
#include <grp.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  const gid_t groups[] = {0, 42};
  if (setgroups(2, groups) == 0) return behaviour::Allowed("setgroups");
  if (setresgid(42, 42, 42) == 0) return behaviour::Allowed("setresgid");
  return behaviour::RefusedByKernel("setresgid");
}
