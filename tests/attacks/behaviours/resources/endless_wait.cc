// Never ends, and says something all the time.
#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long seconds = behaviour::Number(argc, argv, 1);
  for (long i = 0; i < seconds * 5; ++i) {
    std::printf(".\n");
    std::fflush(stdout);
    usleep(200000);
  }
  return behaviour::Allowed("waiting");
}
