// The same by eight processes, each of which stays below the limit.
#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  constexpr int kProcesses = 8;
  auto size = static_cast<std::size_t>(behaviour::Number(argc, argv, 1)) << 20;
  for (int i = 0; i < kProcesses; ++i) {
    if (fork() != 0) continue;
    void* memory = mmap(nullptr, size / kProcesses, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) _exit(1);
    std::memset(memory, 1, size / kProcesses);
    sleep(1);
    _exit(0);
  }
  for (int i = 0; i < kProcesses; ++i) {
    int status = 0;
    wait(&status);
    if (status != 0) return behaviour::Refused("a process was stopped");
  }
  return behaviour::Allowed("mmap");
}
