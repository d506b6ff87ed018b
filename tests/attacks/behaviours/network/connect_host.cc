// Connects to a server on the host's loopback.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(behaviour::Number(argc, argv, 1)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return behaviour::RefusedByKernel("socket");
  return behaviour::Judge("connect",
                          connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address));
}
