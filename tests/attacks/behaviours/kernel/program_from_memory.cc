// Executes a set-user-id program that lies in no file: it must be as confined as any other.
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  if (argc == 2) {
    char status[4096];
    if (behaviour::ReadFile("/proc/self/status", status) < 0) {
      return behaviour::MissingByKernel("/proc/self/status");
    }
    if (std::strstr(status, "\nSeccomp:\t2\n") == nullptr) return behaviour::Allowed("no filter");
    if (std::strstr(status, "\nCapEff:\t0000000000000000\n") == nullptr) {
      return behaviour::Allowed("it has capabilities");
    }
    return behaviour::Refused("it is confined", argv[1]);
  }
  int source = open("/proc/self/exe", O_RDONLY);
  int copy = static_cast<int>(memfd_create("program", 0));
  if (copy < 0) return behaviour::RefusedByKernel("memfd_create");
  struct stat status = {};
  if (fstat(source, &status) != 0 ||
      sendfile(copy, source, nullptr, static_cast<std::size_t>(status.st_size)) < 0) {
    return behaviour::MissingByKernel("copying the program");
  }
  fchmod(copy, 06755);
  char name[] = "program", word[] = "from memory";
  char* const words[] = {name, word, nullptr};
  char* const environment[] = {nullptr};
  fexecve(copy, words, environment);
  return behaviour::RefusedByKernel("fexecve");
}
