// Takes memory by System V segments that nobody has attached.
#include <sys/ipc.h>
#include <sys/shm.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  constexpr long kEach = 50;
  int segments[64] = {};
  int count = 0;
  int verdict = behaviour::kAllowed;
  for (long taken = 0; taken < wanted && count < 64; taken += kEach) {
    int segment = shmget(IPC_PRIVATE, kEach << 20, IPC_CREAT | 0600);
    if (segment < 0) {
      verdict = behaviour::kRefused;
      break;
    }
    segments[count++] = segment;
    void* memory = shmat(segment, nullptr, 0);
    std::memset(memory, 1, kEach << 20);
    shmdt(memory);
  }
  sleep(1);
  for (int i = 0; i < count; ++i) shmctl(segments[i], IPC_RMID, nullptr);
  return verdict == behaviour::kAllowed ? behaviour::Allowed("shmget")
                                        : behaviour::Refused("shmget");
}
