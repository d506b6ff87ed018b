// Opens the memory of the process that started everything as a file.
#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::JudgeOpen("/proc/1/mem", O_RDONLY); }
