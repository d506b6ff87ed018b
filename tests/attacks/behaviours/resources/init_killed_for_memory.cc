// Fills files that are memory and is small itself, so that the kernel, in want of memory, kills the
// larger ones first: those that watch over it. Its arguments: folder, MiB, the name of a process
// that it leaves.
#include <sys/prctl.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const std::string path = std::string(behaviour::Word(argc, argv, 1)) + "/big";
  long left = behaviour::Number(argc, argv, 2) << 20;
  const char* name = behaviour::Word(argc, argv, 3);
  static char block[1 << 14];
  std::memset(block, 1, sizeof block);
  if (fork() == 0) {
    setsid();
    prctl(PR_SET_NAME, name);
    sleep(30);
    _exit(0);
  }
  behaviour::Left("a process");
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) return behaviour::RefusedByKernel(path.c_str());
  ssize_t count = 0;
  while (left > 0 && (count = write(file, block, sizeof block)) > 0) left -= count;
  int error = errno;
  behaviour::Insist();
  unlink(path.c_str());
  errno = error;
  return left <= 0 ? behaviour::Allowed(path.c_str()) : behaviour::RefusedByKernel(path.c_str());
}
