// The same for all ports.
#include <sys/io.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::Judge("iopl", iopl(3)); }
