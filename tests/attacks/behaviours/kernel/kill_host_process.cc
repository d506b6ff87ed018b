// Kills a process of the host.
#include <signal.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  auto pid = static_cast<pid_t>(behaviour::Number(argc, argv, 1));
  return behaviour::Judge("kill", kill(pid, SIGKILL));
}
