// Leaves a queue of messages that has a name.
#include <mqueue.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  std::string name = std::string("/") + behaviour::Word(argc, argv, 1);
  return behaviour::Leave("mq_open", mq_open(name.c_str(), O_RDWR | O_CREAT, 0666, nullptr));
}
