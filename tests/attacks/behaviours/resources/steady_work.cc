// Not hostile: a build beside the attacks, which must not notice them.
#include <sys/wait.h>
#include <time.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  time_t end = time(nullptr) + behaviour::Number(argc, argv, 1);
  unsigned long sum = 0;
  do {
    std::string name = "file" + std::to_string(sum % 10);
    if (!behaviour::WriteFile(name.c_str(), "x")) return behaviour::MissingByKernel("write");
    void* memory = std::malloc(1 << 20);
    if (memory == nullptr) return behaviour::MissingByKernel("malloc");
    std::memset(memory, 1, 1 << 20);
    sum += static_cast<unsigned char*>(memory)[sum % (1 << 20)];
    std::free(memory);
    pid_t child = fork();
    if (child < 0) return behaviour::MissingByKernel("fork");
    if (child == 0) _exit(0);
    waitpid(child, nullptr, 0);
    std::printf("%lu\n", sum);
    std::fflush(stdout);
    usleep(50000);
  } while (time(nullptr) < end);
  return behaviour::Refused("nothing", "the work is done");
}
