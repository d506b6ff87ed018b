// Leaves semaphores.
#include <sys/ipc.h>
#include <sys/sem.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  auto key = static_cast<key_t>(behaviour::Number(argc, argv, 1));
  return behaviour::Leave("semget", semget(key, 1, IPC_CREAT | 0666));
}
