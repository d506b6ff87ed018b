// Opens the machine's memory.
#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::JudgeOpen("/dev/mem", O_RDONLY); }
