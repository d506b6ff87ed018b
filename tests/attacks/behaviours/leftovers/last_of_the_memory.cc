// Leaves a process that nobody ends, for the kernel, short of memory, has killed who would: all
// that is taken belongs to nobody's process, and every process here is smaller than process 1.
#include <sys/prctl.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* name = behaviour::Word(argc, argv, 1);
  const long mebibytes = behaviour::Number(argc, argv, 2);
  const std::string path = std::string("/dev/shm/") + name;
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return behaviour::RefusedByKernel("/dev/shm");
  unlink(path.c_str());
  for (int i = 0; i < 8; ++i) {
    if (fork() != 0) continue;
    setsid();
    prctl(PR_SET_NAME, name);
    sleep(30);
    _exit(0);
  }
  usleep(200000);
  static char block[4096];
  std::memset(block, 1, sizeof block);
  for (long left = mebibytes << 8; left > 0; --left) {
    if (write(file, block, sizeof block) < 0) break;
  }
  behaviour::Insist();
  return behaviour::Left("left");
}
