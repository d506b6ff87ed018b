// Takes the kernel's memory by System V semaphores.
#include <sys/ipc.h>
#include <sys/sem.h>

#include <vector>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  constexpr int kEach = 32000;  // the usual limit of a set; 64 bytes each
  long sets = (behaviour::Number(argc, argv, 1) << 20) / (kEach * 64) + 1;
  std::vector<int> made;
  while (static_cast<long>(made.size()) < sets) {
    int set = semget(IPC_PRIVATE, kEach, IPC_CREAT | 0600);
    if (set < 0) break;
    made.push_back(set);
  }
  int error = errno;
  sleep(1);
  for (int set : made) semctl(set, 0, IPC_RMID);
  errno = error;
  return static_cast<long>(made.size()) == sets ? behaviour::Allowed("semget")
                                                : behaviour::RefusedByKernel("semget");
}
