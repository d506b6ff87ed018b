// Goes before everybody else.
#include <sys/resource.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::Judge("setpriority", setpriority(PRIO_PROCESS, 0, -10)); }
