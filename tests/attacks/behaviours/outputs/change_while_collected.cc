// Leaves a process that goes on writing to an output, by memory that it has mapped.
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  const char* name = behaviour::Word(argc, argv, 1);
  mkdir("out", 0755);
  int file = open("out/file", O_RDWR | O_CREAT, 0644);
  if (file < 0 || ftruncate(file, 8) != 0) return behaviour::MissingByKernel("out/file");
  void* memory = mmap(nullptr, 8, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) return behaviour::MissingByKernel("mmap");
  if (fork() == 0) {
    setsid();
    prctl(PR_SET_NAME, name);
    auto* bytes = static_cast<volatile unsigned char*>(memory);
    for (int i = 0; i < 5000; ++i) {
      bytes[0] = static_cast<unsigned char>(bytes[0] + 1);
      usleep(1000);
    }
    _exit(0);
  }
  usleep(100000);
  return behaviour::Left("left");
}
