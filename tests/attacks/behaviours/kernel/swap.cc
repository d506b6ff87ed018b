// Lets the host swap to a file that is not there.
#include <sys/swap.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  return behaviour::JudgeRights("swapon", swapon("/no-such-folder/no-such-file", 0), ENOENT);
}
