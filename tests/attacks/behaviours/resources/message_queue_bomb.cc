// Takes the kernel's memory by message queues.
#include <mqueue.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  std::string tag = std::string("/") + behaviour::Word(argc, argv, 1);
  mq_attr attributes = {};
  attributes.mq_maxmsg = 10;
  attributes.mq_msgsize = 8192;
  int made = 0;
  for (; made < 100; ++made) {
    std::string name = tag + std::to_string(made);
    if (mq_open(name.c_str(), O_RDWR | O_CREAT, 0600, &attributes) < 0) break;
    mq_unlink(name.c_str());
  }
  return made == 100 ? behaviour::Allowed("mq_open") : behaviour::RefusedByKernel("mq_open");
}
