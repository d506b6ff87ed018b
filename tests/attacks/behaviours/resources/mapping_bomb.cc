// Takes the kernel's memory by many small mappings of addresses, which need no page; its argument
// is how many processes do.
#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  constexpr long kPage = 4096;
  constexpr long kMappings = 60000;  // the usual limit of a process is 65530
  long processes = behaviour::Number(argc, argv, 1);
  for (long i = 0; i < processes; ++i) {
    if (fork() != 0) continue;
    auto* memory = static_cast<char*>(mmap(nullptr, kMappings * kPage, PROT_NONE,
                                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (memory == MAP_FAILED) _exit(1);
    for (long at = 0; at < kMappings; at += 2) {
      if (mprotect(memory + at * kPage, kPage, PROT_READ) != 0) _exit(1);
    }
    sleep(6);
    _exit(0);
  }
  for (long i = 0; i < processes; ++i) {
    int status = 0;
    wait(&status);
    if (status != 0) return behaviour::Refused("a process was stopped");
  }
  return behaviour::Allowed("mprotect");
}
