// Opens another switch of that kind. Nothing is written.
#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::JudgeOpen("/proc/sys/kernel/modprobe", O_WRONLY); }
