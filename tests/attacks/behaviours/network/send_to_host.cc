// Sends a datagram to the host, which Landlock does not know of.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(behaviour::Number(argc, argv, 1)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0) return behaviour::RefusedByKernel("socket");
  return behaviour::Judge(
      "sendto", sendto(fd, "x", 1, 0, reinterpret_cast<sockaddr*>(&address), sizeof address));
}
