// Opens the file whose letters stop the machine. Nothing is written.
#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::JudgeOpen("/proc/sysrq-trigger", O_WRONLY); }
