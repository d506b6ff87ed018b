// Reads the key of the site, which belongs to the user who starts the sandbox.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) { return behaviour::JudgeSecret(behaviour::Word(argc, argv, 1)); }
