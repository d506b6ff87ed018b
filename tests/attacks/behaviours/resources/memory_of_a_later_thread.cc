// Takes more memory than it may in a process whose first thread has ended; its argument is how many
// MiB.
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

namespace {

void* Take(void* size) {
  usleep(200000);
  std::size_t bytes = *static_cast<std::size_t*>(size);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    behaviour::Insist();
    std::exit(behaviour::RefusedByKernel("mmap"));
  }
  std::memset(memory, 1, bytes);
  sleep(1);
  std::exit(behaviour::Allowed("mmap"));
}

}  // namespace

int main(int argc, char** argv) {
  static std::size_t bytes = static_cast<std::size_t>(behaviour::Number(argc, argv, 1)) << 20;
  pthread_t thread;
  if (pthread_create(&thread, nullptr, Take, &bytes) != 0) return behaviour::Missing("a thread");
  syscall(SYS_exit, 0);
}
