// Reads a file of another build, which runs as the same user.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) { return behaviour::JudgeSecret(behaviour::Word(argc, argv, 1)); }
