// Opens its own program for writing while something else runs (CVE-2019-5736).
#include <sys/sendfile.h>
#include <sys/stat.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"

int main(int argc, char** argv) {
  if (argc == 3) {
    std::string path = std::string("/proc/self/fd/") + argv[2];
    return behaviour::JudgeOpen(path.c_str(), O_WRONLY | O_APPEND);
  }
  int program = open("/proc/self/exe", O_PATH);
  int source = open("/proc/self/exe", O_RDONLY);
  if (program < 0 || source < 0) return behaviour::MissingByKernel("/proc/self/exe");
  int copy = open("copy", O_WRONLY | O_CREAT | O_EXCL, 0700);
  struct stat status = {};
  if (copy < 0 || fstat(source, &status) != 0 ||
      sendfile(copy, source, nullptr, static_cast<std::size_t>(status.st_size)) < 0) {
    return behaviour::MissingByKernel("copying the program");
  }
  close(copy);
  close(source);
  execl("./copy", "copy", "reopen", std::to_string(program).c_str(), nullptr);
  return behaviour::MissingByKernel("executing the copy");
}
