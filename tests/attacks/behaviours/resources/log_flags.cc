// Changes the flags of the log that whoever started the sandbox uses too.
#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::Judge("fcntl", fcntl(1, F_SETFL, O_NONBLOCK | O_APPEND)); }
