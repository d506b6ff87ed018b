// Leaves a process that swaps an output for a link to the host's secret, again and again, while it
// is collected.
#include <sys/prctl.h>
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* name = behaviour::Word(argc, argv, 1);
  const char* secret = behaviour::Word(argc, argv, 2);
  mkdir("out", 0755);
  behaviour::WriteFile("out/file", "x");
  if (symlink(secret, "out/link") != 0) return behaviour::MissingByKernel("symlink");
  behaviour::WriteFile("file_aside", "x");
  rename("out/link", "link_aside");
  if (fork() == 0) {
    setsid();
    prctl(PR_SET_NAME, name);
    for (int i = 0; i < 300000; ++i) {
      rename("link_aside", "out/file");
      behaviour::WriteFile("file_aside", "x");
      static_cast<void>(!symlink(secret, "link_aside"));
      rename("file_aside", "out/file");
    }
    _exit(0);
  }
  usleep(100000);
  return behaviour::Left("left");
}
