// Asks for a signal whenever the host makes a file in a folder that is shown read-only.
#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const std::string file = behaviour::Word(argc, argv, 1);
  const std::string path = file.substr(0, file.rfind('/'));
  int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return behaviour::MissingByKernel("the bound folder");
  return behaviour::Judge("F_NOTIFY", fcntl(folder, F_NOTIFY, DN_CREATE | DN_MULTISHOT));
}
