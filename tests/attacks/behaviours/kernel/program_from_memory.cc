// Executes a set-user-id program that lies in no file: it must be as confined as any other.
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>

#include "tests/attacks/behaviours/behaviour.h"

namespace {

// The line of /proc/self/status, or what of it is to be had.
std::string EffectiveCapabilities(const std::string& status) {
  std::size_t begin = std::min(status.find("\nCapEff:"), status.size());
  return status.substr(begin, status.find('\n', begin + 1) - begin);
}

}  // namespace

int main(int argc, char** argv) {
  char text[4096];
  if (behaviour::ReadFile("/proc/self/status", text) < 0) {
    return behaviour::MissingByKernel("/proc/self/status");
  }
  std::string capabilities = EffectiveCapabilities(text);
  if (argc == 2) {
    if (std::strstr(text, "\nSeccomp:\t2\n") == nullptr) return behaviour::Allowed("no filter");
    if (capabilities != argv[1]) return behaviour::Allowed("it has other capabilities");
    return behaviour::Refused("it is confined");
  }
  if (capabilities.empty()) return behaviour::Missing("/proc/self/status is not understood");
  int source = open("/proc/self/exe", O_RDONLY);
  int copy = static_cast<int>(memfd_create("program", 0));
  if (copy < 0) return behaviour::RefusedByKernel("memfd_create");
  struct stat status = {};
  if (fstat(source, &status) != 0 ||
      sendfile(copy, source, nullptr, static_cast<std::size_t>(status.st_size)) < 0) {
    return behaviour::MissingByKernel("copying the program");
  }
  fchmod(copy, 06755);
  char name[] = "program";
  char* const words[] = {name, capabilities.data(), nullptr};
  char* const environment[] = {nullptr};
  fexecve(copy, words, environment);
  return behaviour::RefusedByKernel("fexecve");
}
