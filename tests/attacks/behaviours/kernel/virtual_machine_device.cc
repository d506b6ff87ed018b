// Opens the device that makes virtual machines.
#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::JudgeOpen("/dev/kvm", O_RDWR); }
