// Listens for connections: a backdoor to come in by.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(behaviour::Number(argc, argv, 1)));
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) return behaviour::RefusedByKernel("socket");
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 1) != 0) {
    return behaviour::RefusedByKernel("bind");
  }
  // The host knocks during this time.
  sleep(2);
  return accept(fd, nullptr, nullptr) >= 0 ? behaviour::Allowed("accept")
                                           : behaviour::Refused("nobody could come in");
}
