// Takes the read-only flag off what is shown of the host, and changes a file there that everybody
// may write.
#include <sys/mount.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const std::string path = behaviour::Word(argc, argv, 1);
  if (access(path.c_str(), F_OK) != 0) return behaviour::MissingByKernel(path.c_str());
  const std::string folder = path.substr(0, path.rfind('/'));
  if (mount(nullptr, folder.c_str(), nullptr, MS_REMOUNT | MS_BIND, nullptr) != 0) {
    return behaviour::RefusedByKernel("mount");
  }
  if (!behaviour::WriteFile(path.c_str(), "changed")) {
    return behaviour::RefusedByKernel(path.c_str());
  }
  return behaviour::Allowed(path.c_str());
}
