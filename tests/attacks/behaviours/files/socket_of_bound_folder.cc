// Talks to a program of the host by a socket that lies in a folder which is shown read-only. Its
// argument: a file of the folder.
#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  std::string path = behaviour::Word(argc, argv, 1);
  path = path.substr(0, path.rfind('/')) + "/socket";
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return behaviour::RefusedByKernel("socket");
  return behaviour::Judge("connect",
                          connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address));
}
