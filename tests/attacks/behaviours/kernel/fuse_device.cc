// Opens the device that serves file systems.
#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::JudgeOpen("/dev/fuse", O_RDWR); }
