// Takes the kernel's memory by rules of Landlock that nobody is confined by; its argument is how
// many sets of them.
#include <linux/landlock.h>
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  landlock_ruleset_attr attributes = {};
  attributes.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE;
  for (long i = 0; i < wanted; ++i) {
    long made = syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (made < 0) return behaviour::RefusedByKernel("landlock_create_ruleset");
  }
  return behaviour::Allowed("landlock_create_ruleset");
}
