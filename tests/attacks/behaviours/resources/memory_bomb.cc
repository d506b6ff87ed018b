// Takes more memory than it may; its argument is how many MiB.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) { return behaviour::TakeMemory(behaviour::Number(argc, argv, 1)); }
