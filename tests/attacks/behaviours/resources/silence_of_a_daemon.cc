// Closes what it could say anything by, and waits.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  int report = dup(1);
  for (int fd : {0, 1, 2}) close(fd);
  sleep(static_cast<unsigned>(behaviour::Number(argc, argv, 1)));
  dup2(report, 1);
  return behaviour::Allowed("waiting");
}
