// Leaves a link where the folder of the outputs was to be.
#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::Leave("symlink", symlink("/etc", "out")); }
