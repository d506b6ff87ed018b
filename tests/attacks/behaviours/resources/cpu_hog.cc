// Computes without an end, and ignores the signal that says so.
#include <signal.h>
#include <time.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long seconds = behaviour::Number(argc, argv, 1);
  signal(SIGXCPU, SIG_IGN);
  while (clock() < seconds * CLOCKS_PER_SEC) {
  }
  return behaviour::Allowed("computing");
}
