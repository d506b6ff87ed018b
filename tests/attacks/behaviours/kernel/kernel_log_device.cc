// Reads the kernel's log as a device.
#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::JudgeOpen("/dev/kmsg", O_RDONLY | O_NONBLOCK); }
