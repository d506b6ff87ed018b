// Makes a user namespace, in which it has every capability over the kernel's surface.
#include <sched.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::Judge("unshare", unshare(CLONE_NEWUSER)); }
