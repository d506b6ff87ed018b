// Listens for connections: a backdoor to come in by.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(behaviour::Number(argc, argv, 1)));
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return behaviour::RefusedByKernel("socket");
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 1) != 0) {
    return behaviour::RefusedByKernel("bind");
  }
  // The host knocks during this time.
  sleep(2);
  int guest = accept4(fd, nullptr, nullptr, SOCK_NONBLOCK);
  sockaddr_in self = {};
  socklen_t size = sizeof self;
  static_cast<void>(getsockname(fd, reinterpret_cast<sockaddr*>(&self), &size));
  return guest >= 0 ? behaviour::Allowed("accept") : behaviour::Refused("nobody could come in");
}
