// Makes more files than it may; its arguments: folder, number.
#include <sys/stat.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  std::string folder = std::string(behaviour::Word(argc, argv, 1)) + "/many";
  long wanted = behaviour::Number(argc, argv, 2);
  if (mkdir(folder.c_str(), 0700) != 0) return behaviour::RefusedByKernel(folder.c_str());
  long i = 0;
  int error = 0;
  for (; i < wanted; ++i) {
    int file =
        open((folder + "/" + std::to_string(i)).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
      error = errno;
      break;
    }
    close(file);
  }
  behaviour::Insist();
  if (argc < 4) {
    for (long n = 0; n < i; ++n) unlink((folder + "/" + std::to_string(n)).c_str());
    rmdir(folder.c_str());
  }
  errno = error;
  return i == wanted ? behaviour::Allowed(folder.c_str())
                     : behaviour::RefusedByKernel(folder.c_str());
}
