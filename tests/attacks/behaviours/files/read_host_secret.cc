// Reads a file of the host that every user of the host may read.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) { return behaviour::JudgeSecret(behaviour::Word(argc, argv, 1)); }
