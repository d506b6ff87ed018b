// Looks for a way to an address outside; nothing is sent.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  address.sin_addr.s_addr = inet_addr("192.0.2.1");
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0) return behaviour::RefusedByKernel("socket");
  return behaviour::Judge("connect",
                          connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address));
}
