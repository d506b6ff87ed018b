// Takes the kernel's memory by message queues.
#include <mqueue.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  std::string tag = std::string("/") + behaviour::Word(argc, argv, 1);
  mq_attr attributes = {};
  attributes.mq_maxmsg = 10;
  attributes.mq_msgsize = 8192;
  constexpr int kWanted = 100;
  int made = 0;
  int error = 0;
  while (made < kWanted && error == 0) {
    int queue = mq_open((tag + std::to_string(made)).c_str(), O_RDWR | O_CREAT, 0600, &attributes);
    // Landlock lets it not be opened; it is there.
    if (queue >= 0 || errno == EACCES) {
      ++made;
    } else {
      error = errno;
    }
  }
  // For whoever is beside to miss them.
  sleep(1);
  for (int i = 0; i < made; ++i) mq_unlink((tag + std::to_string(i)).c_str());
  errno = error;
  if (made == 0) return behaviour::MissingByKernel("mq_open");
  return made == kWanted ? behaviour::Allowed("mq_open") : behaviour::RefusedByKernel("mq_open");
}
