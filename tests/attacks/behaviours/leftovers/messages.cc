// Leaves a queue of messages.
#include <sys/ipc.h>
#include <sys/msg.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  auto key = static_cast<key_t>(behaviour::Number(argc, argv, 1));
  return behaviour::Leave("msgget", msgget(key, IPC_CREAT | 0666));
}
