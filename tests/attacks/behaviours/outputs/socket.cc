// Leaves a socket.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, "out/socket");
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  return behaviour::Leave("bind", bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address));
}
