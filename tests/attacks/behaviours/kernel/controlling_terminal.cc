// Opens the terminal that the sandbox was started from.
#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::JudgeOpen("/dev/tty", O_RDWR); }
