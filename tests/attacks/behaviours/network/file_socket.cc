// Connects to a socket of the host by its path.
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, behaviour::Word(argc, argv, 1), sizeof address.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return behaviour::RefusedByKernel("socket");
  return behaviour::Judge("connect",
                          connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address));
}
