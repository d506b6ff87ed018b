// Talks to the machine's host, which no network namespace hides.
#include <sys/socket.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::Judge("socket", socket(AF_VSOCK, SOCK_STREAM, 0)); }
