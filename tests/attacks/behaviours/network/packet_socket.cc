// Listens to all packets of an interface.
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <sys/socket.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() { return behaviour::Judge("socket", socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL))); }
