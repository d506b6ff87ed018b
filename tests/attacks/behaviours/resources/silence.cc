// Says nothing and waits.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  sleep(static_cast<unsigned>(behaviour::Number(argc, argv, 1)));
  return behaviour::Allowed("waiting");
}
