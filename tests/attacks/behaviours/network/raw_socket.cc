// Makes packets of its own.
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::Judge("socket", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); }
