// Reaches the machine's ports.
#include <sys/io.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::Judge("ioperm", ioperm(0x80, 1, 1)); }
