// Leaves a segment of shared memory; its argument is the key.
#include <sys/ipc.h>
#include <sys/shm.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  auto key = static_cast<key_t>(behaviour::Number(argc, argv, 1));
  return behaviour::Leave("shmget", shmget(key, 4096, IPC_CREAT | 0666));
}
