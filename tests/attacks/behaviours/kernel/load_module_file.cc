// The same from a file that is none.
#include <sys/syscall.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  if (!behaviour::WriteFile("module", "no module")) return behaviour::MissingByKernel("module");
  int fd = open("module", O_RDONLY);
  return behaviour::JudgeRights("finit_module", syscall(SYS_finit_module, fd, "", 0), ENOEXEC);
}
