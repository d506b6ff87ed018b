// Opens the device that makes disks of files.
#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::JudgeOpen("/dev/loop-control", O_RDWR); }
