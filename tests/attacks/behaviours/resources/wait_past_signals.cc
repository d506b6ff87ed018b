// Never ends, whatever signal comes, stops itself, and has children that do the same.
#include <signal.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  auto seconds = static_cast<unsigned>(behaviour::Number(argc, argv, 1));
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_IGN);
  if (fork() == 0) {
    raise(SIGSTOP);
    _exit(0);
  }
  sleep(seconds);
  return behaviour::Allowed("waiting");
}
