// Kills everything that it may kill.
#include <signal.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::Judge("kill", kill(-1, SIGKILL)); }
