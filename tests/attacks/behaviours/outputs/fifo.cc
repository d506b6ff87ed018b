// Leaves a pipe, at which whoever reads it waits for ever.
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  return behaviour::Leave("mkfifo", mkfifo("out/pipe", 0644));
}
