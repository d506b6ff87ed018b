// Writes to a program of the host by a pipe that lies in a folder which is shown read-only. Its
// argument: a file of the folder.
#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  std::string path = behaviour::Word(argc, argv, 1);
  path = path.substr(0, path.rfind('/')) + "/pipe";
  // Nobody reads just now, says the kernel, when it has nothing against the caller.
  int fd = open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  return behaviour::JudgeRights("open", fd, ENXIO);
}
