// Uses the kernel's own ciphers, a door of many old holes.
#include <sys/socket.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::Judge("socket", socket(AF_ALG, SOCK_SEQPACKET, 0)); }
