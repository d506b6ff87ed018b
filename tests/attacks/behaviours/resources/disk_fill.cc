// Writes more into a folder than it may; its arguments: folder, MiB.
#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  std::string path = std::string(behaviour::Word(argc, argv, 1)) + "/big";
  long wanted = behaviour::Number(argc, argv, 2);
  static char block[1 << 20];
  std::memset(block, 1, sizeof block);
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) return behaviour::RefusedByKernel(path.c_str());
  long left = wanted << 20;
  ssize_t count = 0;
  while (left > 0 && (count = write(file, block, sizeof block)) >= 0) left -= count;
  int error = errno;
  behaviour::Insist();
  // The sandbox looks at a folder of the host's when the command has ended.
  if (argc < 4) unlink(path.c_str());
  errno = error;
  return left <= 0 ? behaviour::Allowed(path.c_str()) : behaviour::RefusedByKernel(path.c_str());
}
