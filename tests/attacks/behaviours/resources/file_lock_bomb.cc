// Takes the kernel's memory by locks of parts of files; its argument is how many.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  constexpr long kOfAFile = 2000;  // each is looked for among all before it
  long wanted = behaviour::Number(argc, argv, 2);
  int file = -1;
  for (long i = 0; i < wanted; ++i) {
    if (i % kOfAFile == 0) {
      char path[256];
      std::snprintf(path, sizeof path, "%s/lock%ld", argv[1], i / kOfAFile);
      file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
      if (file < 0) return behaviour::MissingByKernel(path);
    }
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_start = i % kOfAFile * 2;
    lock.l_len = 1;
    if (fcntl(file, F_SETLK, &lock) != 0) return behaviour::RefusedByKernel("fcntl");
  }
  sleep(3);
  return behaviour::Allowed("fcntl");
}
