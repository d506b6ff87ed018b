// Opens the switch that makes the host's root start a program. Nothing is written.
#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::JudgeOpen("/proc/sys/kernel/core_pattern", O_WRONLY); }
