// Makes processes that make two more each and end, so that nobody can kill them one by one.
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>

#include <atomic>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  void* memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* alive = new (memory) std::atomic<long>(1);
  auto* most = alive + 1;
  time_t end = time(nullptr) + 2;
  pid_t first = getpid();
  while (time(nullptr) < end && most->load() < wanted) {
    pid_t pid = fork();
    if (pid < 0) {
      usleep(1000);
      continue;
    }
    if (pid > 0) {
      long now = ++*alive;
      if (now > most->load()) most->store(now);
      if (getpid() != first && now > 2) usleep(1000);
    }
  }
  if (getpid() != first) {
    --*alive;
    _exit(0);
  }
  sleep(1);
  return most->load() >= wanted ? behaviour::Allowed("fork") : behaviour::Refused("fork");
}
