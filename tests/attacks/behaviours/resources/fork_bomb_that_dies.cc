// Makes processes that make two more each and end, so that nobody can kill them one by one. Once
// there are enough, each makes one more: who counts them has two seconds to see it.
#include <sys/mman.h>
#include <time.h>

#include <atomic>

#include "tests/attacks/behaviours/behaviour.h"

namespace {

// Shared by all of them.
struct Census {
  std::atomic<long> alive = 0;
  std::atomic<long> most = 0;

  void Birth() {
    long now = ++alive;
    if (now > most) most = now;
  }
};

// A turn of the loop is the life of one process: it ends at `end` at the latest.
[[noreturn]] void Breed(Census& census, long wanted, time_t end) {
  for (;;) {
    bool enough = census.alive >= wanted;
    bool newborn = false;
    for (int children = enough ? 1 : 2; children > 0 && time(nullptr) < end;) {
      pid_t pid = fork();
      newborn = pid == 0;
      if (newborn) break;
      if (pid > 0) {
        census.Birth();
        --children;
      }
      usleep(enough ? 50000 : 1000);
    }
    if (newborn) continue;
    --census.alive;
    _exit(0);
  }
}

}  // namespace

int main(int argc, char** argv) {
  long wanted = behaviour::Number(argc, argv, 1);
  void* memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* census = new (memory) Census;
  time_t end = time(nullptr) + 3;
  pid_t pid = fork();
  if (pid < 0) return behaviour::MissingByKernel("fork");
  census->Birth();
  if (pid == 0) Breed(*census, wanted, end);
  while (time(nullptr) <= end) usleep(10000);
  return census->most >= wanted ? behaviour::Allowed("fork") : behaviour::Refused("fork");
}
