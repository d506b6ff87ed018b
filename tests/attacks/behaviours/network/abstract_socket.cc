// Connects to a socket of the host that has a name without a file.
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* name = behaviour::Word(argc, argv, 1);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path + 1, name, sizeof address.sun_path - 2);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return behaviour::RefusedByKernel("socket");
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + std::strlen(name));
  return behaviour::Judge("connect", connect(fd, reinterpret_cast<sockaddr*>(&address), size));
}
