// Leaves a process that swaps the folder of the outputs for a link to a folder of the host.
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* name = behaviour::Word(argc, argv, 1);
  std::string folder = behaviour::Word(argc, argv, 2);
  folder.erase(folder.rfind('/'));
  mkdir("out", 0755);
  mkdir("out/sub", 0755);
  if (symlink(folder.c_str(), "aside") != 0) return behaviour::MissingByKernel("symlink");
  if (fork() == 0) {
    setsid();
    prctl(PR_SET_NAME, name);
    for (int i = 0; i < 1000000; ++i) {
      renameat2(AT_FDCWD, "aside", AT_FDCWD, "out/sub", RENAME_EXCHANGE);
    }
    _exit(0);
  }
  usleep(100000);
  return behaviour::Left("left");
}
