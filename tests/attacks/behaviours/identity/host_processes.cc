// Sees a process of the host.
#include <dirent.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  std::string name = std::string(behaviour::Word(argc, argv, 1)) + "\n";
  DIR* directory = opendir("/proc");
  if (directory == nullptr) return behaviour::RefusedByKernel("/proc");
  while (dirent* entry = readdir(directory)) {
    char text[64];
    std::string path = std::string("/proc/") + entry->d_name + "/comm";
    if (behaviour::ReadFile(path.c_str(), text) > 0 && name == text) {
      return behaviour::Allowed(path.c_str());
    }
  }
  return behaviour::Refused("not there");
}
